-- The transaction that this is a part of, and whether what it inserts is to be published.
select
    pg_current_xact_id()::text::bigint as transaction_id,
    exists(
        select from core.sink as sink
        where sink.stream = 'event' and sink.since is not null
    ) as is_published;
