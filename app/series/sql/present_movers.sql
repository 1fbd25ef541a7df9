-- Items whose views of the last five minutes are most above those of the five before.
with edge as (
    select array[
        %(as_of)s::timestamptz - interval '10 minutes',
        %(as_of)s::timestamptz - interval '5 minutes',
        %(as_of)s::timestamptz
    ] as edges
),

moved as (
    select
        sums.item_id,
        coalesce(sum(sums.views) filter (where sums.place = 2), 0)::bigint as views,
        coalesce(sum(sums.views) filter (where sums.place = 1), 0)::bigint as previous
    from edge
    cross join lateral api.engagement_sums(edge.edges, '{}', 'item') as sums
    group by sums.item_id
)

select
    item.content_type,
    item.external_id as content_id,
    item.title,
    moved.views,
    moved.previous
from moved
inner join core.item on moved.item_id = item.item_id
where moved.views > moved.previous
order by moved.views - moved.previous desc, moved.item_id asc
limit %(most)s::integer;
