-- Note which chunks there are, and which of those noted before are gone.
-- Source: api.level_chunks, api.lost_chunks, core.aggregate_level. Feeds: core.known_chunk.
-- Keeps: called before a level is refreshed and before anything is dropped, so that whatever was
-- counted is known by then. Of what is gone, the newest of a level says it all; a level that no
-- other is made of may lose what it likes.
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
    insert into core.known_chunk (level, chunk, made_at, begins, ends)
    select
        stored.level,
        stored.chunk,
        stored.made_at,
        stored.begins,
        stored.ends
    from api.level_chunks() as stored
    inner join core.aggregate_level as next_level on stored.level = next_level.source
    on conflict on constraint known_chunk_once do nothing;
end;
$$;

comment on function api.note_chunks() is
    'Brings core.known_chunk up to what there is; writes nothing where nothing has changed.';
