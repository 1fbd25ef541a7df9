-- The best of a top list with their counts, all of them or of some items or names; no row before
-- the first run. All time, which has no beginning, has no since.
select
    statement_timestamp() as as_of,
    nullif(position.since, '-infinity') as since,
    api.calendar_start(
        position."window", position.since + interval '1 microsecond', position.zone, 1
    ) as until,
    pg_current_snapshot()::text as snapshot,
    best.item_ids,
    best.names,
    best.counts
from core.window_position as position
cross join lateral (
    select
        array_agg(placed.item_id) as item_ids,
        array_agg(placed.name) as names,
        array_agg(placed.count) as counts
    from (
        select
            member.item_id,
            member.name,
            member.count
        from api.top_list_members(
            %(window)s::text,
            %(metric)s::text,
            %(subject)s::text,
            %(content_type)s::text,
            position.since,
            %(item_ids)s::bigint[],
            %(names)s::text[]
        ) as member
        order by member.count desc, member.item_id, member.name collate "C"
        limit %(most)s::integer
    ) as placed
) as best
where position."window" = %(window)s::text;
