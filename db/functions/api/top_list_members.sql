-- The members of one top list with their counts up to this moment.
-- Source: core.ranking_snapshot, core.item_window, core.score_feed, api.exclusion_in_force.
-- Feeds: api.top_list_counts.
-- Keeps: an event is in the window or in the feed, never in both, so it counts once. An excluded
-- item counts for no creator or category; its own place stays until the next run.
create function api.top_list_members(
    run_id bigint, "window" text, metric text, subject text, content_type text, since timestamptz
)
returns table (place integer, item_id bigint, name text, count double precision)
language sql stable rows 1000
set jit = off
begin atomic
with member as materialized (
    select
        listed.ordinality::integer as place,
        listed.item_id,
        listed.subject as name
    from core.ranking_snapshot as stored
    cross join lateral unnest(stored.entries) with ordinality as listed
    where stored.run_id = top_list_members.run_id and stored.segment = ''
),

part as (
    select
        member.place,
        member.item_id
    from member
    where top_list_members.subject = 'item'
    union all
    select
        member.place,
        item.item_id
    from member
    inner join core.item as item on member.name = item.creator
    where
        top_list_members.subject = 'creator'
        and (
            top_list_members.content_type is null
            or item.content_type = top_list_members.content_type
        )
        and item.item_id not in (
            select excluded.item_id from api.exclusion_in_force as excluded
        )
    union all
    select
        member.place,
        item.item_id
    from member
    inner join core.item as item on member.name = item.category
    where
        top_list_members.subject = 'category'
        and (
            top_list_members.content_type is null
            or item.content_type = top_list_members.content_type
        )
        and item.item_id not in (
            select excluded.item_id from api.exclusion_in_force as excluded
        )
),

fed as materialized (
    select
        feed.item_id,
        sum(api.metric_of(
            top_list_members.metric, one.views, one.likes, one.comments, one.shares,
            one.watch_seconds
        )) as count
    from core.score_feed as feed
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    where feed.occurred_at > top_list_members.since
    group by feed.item_id
),

summed as (
    select
        part.place,
        sum(
            coalesce(
                api.metric_of(
                    top_list_members.metric, counted.views, counted.likes, counted.comments,
                    counted.shares, counted.watch_seconds
                ),
                0
            )
            + coalesce(fed.count, 0)
        ) as count
    from part
    left join core.item_window as counted
        on part.item_id = counted.item_id and counted."window" = top_list_members."window"
    left join fed on part.item_id = fed.item_id
    group by part.place
)

select
    member.place,
    member.item_id,
    member.name,
    coalesce(summed.count, 0)
from member
left join summed on member.place = summed.place;
end;

comment on function api.top_list_members(bigint, text, text, text, text, timestamptz) is
    'Place in the run, item or name, and count after since of each member; metric, subject and '
    'content_type are those of the run''s settings.';
grant execute on function api.top_list_members(bigint, text, text, text, text, timestamptz)
to groundswell_service;
