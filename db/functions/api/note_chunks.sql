-- Note which chunks there are, and which of those noted before are gone.
-- Source: api.level_chunks, api.lost_chunks, core.aggregate_level. Feeds: core.known_chunk.
-- Keeps: called before a level is refreshed and before anything is dropped, so that whatever was
-- counted is known by then. Of what is gone, the newest of a level says it all.
create function api.note_chunks()
returns void
language plpgsql volatile
as $$
begin
    update core.known_chunk as known
    set is_lost = true
    from api.lost_chunks() as lost
    where known.chunk = lost.chunk and known.made_at = lost.made_at;
    delete from core.known_chunk as known
    where
        known.is_lost
        and (
            known.counted_before is null
            or known.counted_before < api.dropped_before(known.level)
        );
    insert into core.known_chunk (level, chunk, made_at, begins, ends, counted_before)
    select
        stored.level,
        stored.chunk,
        stored.made_at,
        stored.begins,
        stored.ends,
        -- Of what nothing is made of, all counts.
        case
            when not exists (
                select from core.aggregate_level as next_level
                where stored.level = next_level.source
            ) then stored.ends
        end
    from api.level_chunks() as stored
    on conflict on constraint known_chunk_once do nothing;
end;
$$;

comment on function api.note_chunks() is
    'Brings core.known_chunk up to what there is; writes nothing where nothing has changed.';
