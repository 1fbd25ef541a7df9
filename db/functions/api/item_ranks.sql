-- Places of one item in the kept runs of a ranking, oldest first.
-- Source: core.ranking_snapshot. Feeds: GET /analytics/rankings/{name}/items/{id}.
-- Keeps: rank and score are null for a run that did not hold the item.
create function api.item_ranks(
    ranking_name text, content_type text, external_id text, since timestamptz
)
returns table (run_id bigint, as_of timestamptz, rank integer, score double precision)
language sql stable
set jit = off
begin atomic
select
    run.run_id,
    run.as_of,
    place.rank,
    snapshot.scores[place.rank]
from core.ranking as ranking
inner join core.ranking_run as run on ranking.ranking_id = run.ranking_id
inner join core.ranking_snapshot as snapshot
    on run.run_id = snapshot.run_id and snapshot.segment = ''
cross join lateral (
    select
        array_position(
            snapshot.item_ids,
            (
                select item.item_id
                from core.item
                where
                    item.content_type = item_ranks.content_type
                    and item.external_id = item_ranks.external_id
            )
        ) as rank
    offset 0 -- looked for once
) as place
where
    ranking.name = ranking_name
    and run.as_of >= item_ranks.since
order by run.as_of, run.run_id;
end;

comment on function api.item_ranks(text, text, text, timestamptz) is
    'Rank and score of an item in each kept run since a moment, oldest first. '
    'Stable.';
grant execute on function api.item_ranks(text, text, text, timestamptz)
to groundswell_service, groundswell_read;
