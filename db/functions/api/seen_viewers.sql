-- Who has viewed what and when, by what is in a slice of the feed or by all events of an hour.
-- Source: core.score_feed, core.event. Feeds: api.add_viewers.
-- Keeps: one row for each viewer of an item and a day, and one for each of the site (item 0).
create function api.seen_viewers(fed_since timestamptz, recounted timestamptz)
returns table (item_id bigint, day date, viewer bigint, quarters bit)
language sql stable
set jit = off
begin atomic
with view as (
    select
        feed.item_id,
        feed.viewer,
        floor(date_part('epoch', feed.occurred_at) / 900)::integer as quarter
    from core.score_feed as feed
    where
        seen_viewers.recounted is null
        and feed.event_type = 'view'
        and feed.viewer is not null
        and feed.occurred_at >= seen_viewers.fed_since
    union all
    select
        event.item_id,
        event.viewer,
        floor(date_part('epoch', event.occurred_at) / 900)::integer as quarter
    from core.event
    where
        event.counted
        and event.event_type = 'view'
        and event.viewer is not null
        and event.occurred_at >= seen_viewers.recounted
        and event.occurred_at < seen_viewers.recounted + interval '1 hour'
),

of_item as materialized (
    select
        view.item_id,
        view.quarter / 96 as day,
        view.viewer & 9223372036854775807 as viewer,
        bit_or(set_bit(0::bit(96), view.quarter % 96, 1)) as quarters
    from view
    group by view.item_id, view.quarter / 96, view.viewer & 9223372036854775807
)

select
    of_item.item_id,
    date '1970-01-01' + of_item.day,
    of_item.viewer,
    of_item.quarters
from of_item
union all
select
    0,
    date '1970-01-01' + of_item.day,
    of_item.viewer,
    bit_or(of_item.quarters)
from of_item
group by of_item.day, of_item.viewer;
end;

comment on function api.seen_viewers(timestamptz, timestamptz) is
    'Viewers in the feed since a moment or, where an hour is given, of that hour''s events.';
