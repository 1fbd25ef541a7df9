-- Places of one item in the newest run of every ranking that may list it, and before that.
-- Source: core.ranking_snapshot, core.ranking. Feeds: GET /analytics/items/{id}/places.
-- Keeps: a ranking without a run has a row, too. Of the past, the last kept run of an hour is
-- looked at; that is known before a list is unpacked.
create function api.item_places(item_id bigint, reach interval)
returns table (
    ranking text,
    rank integer,
    previous_rank integer,
    score double precision,
    listed integer,
    as_of timestamptz,
    past_moments timestamptz[],
    past_ranks integer[]
)
language sql stable
set jit = off
begin atomic
select
    ranking.name,
    place.rank,
    case
        when snapshot.previous_ranks is null then place.rank
        else nullif(snapshot.previous_ranks[place.rank], 0)::integer
    end,
    snapshot.scores[place.rank],
    coalesce(cardinality(snapshot.item_ids), 0),
    run.confirmed_at,
    past.moments,
    past.ranks
from core.item as item
inner join core.ranking as ranking
    on ranking.subject = 'item' and ranking.enabled
    and (ranking.content_type is null or item.content_type = ranking.content_type)
left join api.newest_run as run on ranking.ranking_id = run.ranking_id
left join core.ranking_snapshot as snapshot
    on run.run_id = snapshot.run_id and snapshot.segment = ''
cross join lateral (
    select
        case
            when not exists (
                select 1
                from api.exclusion_in_force as excluded
                where excluded.item_id = item.item_id
            ) then array_position(snapshot.item_ids, item.item_id)
        end as rank
    offset 0 -- looked for once
) as place
cross join lateral (
    select
        array_agg(hour.as_of order by hour.as_of) as moments,
        array_agg(array_position(kept.item_ids, item.item_id) order by hour.as_of) as ranks
    from (
        select distinct on (date_bin('1 hour', old.as_of, 'epoch'))
            old.run_id,
            old.as_of
        from core.ranking_run as old
        where old.ranking_id = ranking.ranking_id and old.as_of >= run.confirmed_at - reach
        order by date_bin('1 hour', old.as_of, 'epoch'), old.as_of desc, old.run_id desc
    ) as hour
    inner join core.ranking_snapshot as kept
        on hour.run_id = kept.run_id and kept.segment = ''
) as past
where item.item_id = item_places.item_id
order by ranking.name;
end;

comment on function api.item_places(bigint, interval) is
    'Rank (null: not listed, or excluded), rank in the run before, score and length of the list in '
    'the newest run of each enabled ranking of items; and its ranks so far back from it, an hour '
    'apart (null: none).';
grant execute on function api.item_places(bigint, interval) to groundswell_service;
