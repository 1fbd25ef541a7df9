-- How far a file has come, which is known by its digest; begun where it is new.
insert into core.import as known (digest, name, began_at)
values (%(digest)s::bytea, %(name)s::text, %(now)s::timestamptz)
on conflict (digest) do update set name = excluded.name
returning
    known.read_bytes,
    known.read_lines,
    known.inserted,
    known.duplicates,
    known.rejected,
    known.counted_at
