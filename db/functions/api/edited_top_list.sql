-- A live top list as it is shown: its members as rules want them.
-- Source: api.arranged. Feeds: GET /analytics/top/{list}, the lists of ids in Redis.
-- Keeps: members come with the counts that they have, best first, and leave with the same; those
-- that a rule leaves out do not come back.
create function api.edited_top_list(
    ranking_name text,
    item_ids bigint[],
    names text[],
    counts double precision[],
    as_of timestamptz default now()
)
returns table (
    rank integer,
    item_id bigint,
    name text,
    count double precision,
    mark text,
    unedited_rank integer
)
language sql stable rows 1000
set jit = off
begin atomic
with member as (
    select array_agg(
        (
            '', null, given.place, given.name, given.item_id, given.count, null, null, null
        )::core.listed_place order by given.place
    ) as places
    from unnest(
        edited_top_list.item_ids, edited_top_list.names, edited_top_list.counts
    ) with ordinality as given (item_id, name, count, place)
    where
        given.item_id is null
        or given.item_id not in (select excluded.item_id from api.exclusion_in_force as excluded)
),

-- Who is pinned or featured stands there with a count of none, too.
lifted as (
    select array_agg(
        ('', null, null, null, rule.item_id, 0, null, null, null)::core.listed_place
    ) as places
    from core.ranking as ranking
    cross join lateral (
        select distinct wanted.item_id
        from api.rules_in_force(ranking, edited_top_list.as_of) as wanted
        where wanted.kind in ('pin', 'feature') and wanted.segment = ''
    ) as rule
    inner join core.item as item on rule.item_id = item.item_id
    where
        ranking.name = edited_top_list.ranking_name
        and ranking.subject = 'item'
        and (ranking.content_type is null or item.content_type = ranking.content_type)
        and rule.item_id <> all(coalesce(edited_top_list.item_ids, '{}'))
        and rule.item_id not in (
            select excluded.item_id from api.exclusion_in_force as excluded
        )
)

select
    place.rank,
    place.item_id,
    place.subject,
    place.score,
    place.mark,
    place.unedited_rank
from core.ranking as ranking
cross join member
cross join lifted
cross join lateral api.arranged(
    ranking,
    coalesce(member.places, '{}') || coalesce(lifted.places, '{}'),
    edited_top_list.as_of
) as place
where ranking.name = edited_top_list.ranking_name and place.rank <= ranking.size
order by place.rank;
end;

comment on function api.edited_top_list(
    text, bigint[], text[], double precision[], timestamptz
) is
    'The places of a top list under the rules in force, from its members in the order of their '
    'counts: items, or names of creators or categories.';
grant execute on function api.edited_top_list(
    text, bigint[], text[], double precision[], timestamptz
) to groundswell_service;
