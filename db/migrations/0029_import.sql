-- Files of history that were read into the events, and how far each has come.
-- Source: `groundswell import`. Feeds: `groundswell import`, which goes on where one was cut off.

create table core.import (
    digest bytea primary key,
    name text not null,
    began_at timestamptz not null,
    counted_at timestamptz,
    read_bytes bigint not null default 0,
    read_lines bigint not null default 0,
    inserted bigint not null default 0,
    duplicates bigint not null default 0,
    rejected bigint not null default 0
);

comment on table core.import is
    'One row a file, known by what is in it. Moved on in the transaction that inserts its events, '
    'so that none is lost or read twice.';
comment on column core.import.digest is 'BLAKE2b of the file, 16 bytes.';
comment on column core.import.name is 'What the file was called.';
comment on column core.import.began_at is 'When it was begun first.';
comment on column core.import.counted_at is
    'When all of it stood in aggregates, scores and windows; null: not yet.';
comment on column core.import.read_bytes is 'Bytes read so far, up to the end of a line.';
comment on column core.import.read_lines is 'Lines read so far.';
comment on column core.import.inserted is 'Events inserted so far.';
comment on column core.import.duplicates is 'Events that were recorded before.';
comment on column core.import.rejected is 'Lines that are no event.';
