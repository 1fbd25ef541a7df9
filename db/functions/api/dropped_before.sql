-- Up to when a level has lost chunks: whatever begins then or later is still whole.
-- Source: core.known_chunk, api.lost_chunks.
-- Feeds: api.refresh_aggregates, api.raw_since, api.closed_before.
-- Keeps: an edge of the next level's buckets; midnight (UTC) but where chunks went that were being
-- filled. Where nothing has been lost, the earliest day that the API takes events of.
create function api.dropped_before(level text)
returns timestamptz
language sql stable
begin atomic
select greatest(timestamptz '2000-01-01 00:00:00+00', max(gone.counted_before))
from (
    select known.counted_before
    from core.known_chunk as known
    where
        known.is_lost
        and (dropped_before.level is null or known.level = dropped_before.level)
    union all
    select lost.counted_before from api.lost_chunks(dropped_before.level) as lost
) as gone;
end;

comment on function api.dropped_before(text) is
    'The first moment from which nothing of the level, or for null of any, is gone.';
grant execute on function api.dropped_before(text) to groundswell_service, groundswell_read;
