-- Note how far a file has come, in the transaction that has inserted its events up to there.
update core.import
set
    read_bytes = %(read_bytes)s::bigint,
    read_lines = %(read_lines)s::bigint,
    inserted = inserted + %(inserted)s::bigint,
    duplicates = duplicates + %(duplicates)s::bigint,
    rejected = rejected + %(rejected)s::bigint
where digest = %(digest)s::bytea
