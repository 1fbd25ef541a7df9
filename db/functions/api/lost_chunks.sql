-- Chunks that are there no more, whoever dropped, detached or truncated them, and not yet noted so.
-- Source: core.known_chunk, api.level_chunks. Feeds: api.note_chunks, api.dropped_before.
-- Keeps: a chunk that was merged into another known one is not lost.
create function api.lost_chunks(of_level text default null)
returns setof core.known_chunk
language sql stable
set jit = off
begin atomic
with stored as materialized (
    select there.* from api.level_chunks() as there
)

select known.*
from core.known_chunk as known
where
    not known.is_lost
    and (lost_chunks.of_level is null or known.level = lost_chunks.of_level)
    and not exists (
        select 1
        from stored
        inner join core.known_chunk as seen
            on stored.chunk = seen.chunk and stored.made_at = seen.made_at
        where
            stored.level = known.level
            and stored.begins <= known.begins
            and stored.ends >= known.ends
    );
end;

comment on function api.lost_chunks(text) is
    'Known chunks of a level, or of all, that are gone without a note of it.';
grant execute on function api.lost_chunks(text) to groundswell_service, groundswell_read;
