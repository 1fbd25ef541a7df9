-- Note how reconciling like counts has ended.
select api.end_like_reconciliation(
    %(ledger_id)s::bigint, %(mended)s::bigint, %(error)s::text
);
