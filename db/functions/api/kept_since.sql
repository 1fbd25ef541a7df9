-- From when on each level that has lost chunks is whole.
-- Source: core.known_chunk, api.lost_chunks. Feeds: api.level_pieces.
-- Keeps: api.dropped_before of every level, at less than the cost of one: where the tables of all
-- known chunks are there, none is looked for. A chunk that was detached by hand is missed so until
-- api.note_chunks has noted it, at the next refresh.
create function api.kept_since()
returns table (level text, since timestamptz)
language plpgsql stable
set jit = off
as $$
begin
    return query
    select
        gone.level,
        max(gone.counted_before)
    from (
        select
            known.level,
            known.counted_before
        from core.known_chunk as known
        where known.is_lost
        union all
        select
            lost.level,
            lost.counted_before
        from api.lost_chunks() as lost
        where exists (
            select from core.known_chunk as known
            where not known.is_lost and to_regclass(known.chunk) is null
        )
    ) as gone
    group by gone.level;
end;
$$;

comment on function api.kept_since() is
    'Levels that have lost chunks, and the first moment from which nothing of each is gone.';
grant execute on function api.kept_since() to groundswell_service, groundswell_read;
