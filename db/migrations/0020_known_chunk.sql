-- The chunks whose rows the next level has been made of: what is gone is told from those that are
-- there no more, however they went.
-- Source: api.note_chunks, api.refresh_aggregates. Feeds: api.lost_chunks, api.dropped_before.

create table core.known_chunk (
    level text not null,
    chunk text not null,
    made_at timestamptz not null,
    begins timestamptz not null,
    ends timestamptz not null,
    counted_before timestamptz,
    is_lost boolean not null default false,
    constraint known_chunk_once primary key (chunk, made_at)
);

comment on table core.known_chunk is
    'Chunks of core.event and of the aggregates that jobs have seen. No setting: a row that is '
    'changed or deleted by hand lets refreshes replace counts by those of what is left.';
comment on column core.known_chunk.level is 'As in core.storage_policy.';
comment on column core.known_chunk.chunk is 'Its table, with the schema.';
comment on column core.known_chunk.made_at is
    'When TimescaleDB made it: one that is made anew does not hold what the one before it held.';
comment on column core.known_chunk.begins is 'The first moment that it can hold.';
comment on column core.known_chunk.ends is 'The first moment after it.';
comment on column core.known_chunk.counted_before is
    'How far the next level has counted it, at most its end; null: not at all.';
comment on column core.known_chunk.is_lost is
    'It is gone: nothing of its level before counted_before is refreshed, recounted or accepted.';
