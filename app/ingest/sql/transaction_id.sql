-- The id of the transaction that this is a part of.
select pg_current_xact_id()::text::bigint as transaction_id;
