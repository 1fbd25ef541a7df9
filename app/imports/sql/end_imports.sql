-- Note that all of the files stands in aggregates, scores and windows.
update core.import
set counted_at = %(now)s::timestamptz
where digest = any(%(digests)s::bytea[])
