-- The first places of all lists of a run.
select
    place.segment,
    place.rank,
    place.score,
    coalesce(item.external_id, place.subject) as content_id,
    coalesce(item.content_type, run.subject) as content_type,
    run.ranking,
    run."window",
    run.as_of
from api.stored_place as place
inner join api.stored_run as run on place.run_id = run.run_id
left join core.item as item on place.item_id = item.item_id
where
    place.run_id = %(run_id)s::bigint
    and place.rank <= (
        select sink.depth
        from core.sink as sink
        where sink.stream = 'ranking'
    )
order by place.segment, place.rank;
