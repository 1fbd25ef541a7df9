-- Find the items in the feed whose first event is one of it.
-- Source: core.score_feed, core.item. Feeds: core.item_birth.
-- Keeps: only api.score_events may call it, before it empties the feed. It changes no catalogue
-- entry, so that it never fails because somebody else has.
create function api.find_births(fed_since timestamptz)
returns void
language sql volatile
-- As in api.add_to_scores: the feed's statistics are of a queue, mostly empty.
set enable_hashjoin = off
set enable_mergejoin = off
begin atomic
insert into core.item_birth (item_id, first_event_at)
select
    fed.item_id,
    fed.at
from (
    select
        feed.item_id,
        min(feed.occurred_at) as at
    from core.score_feed as feed
    where feed.occurred_at >= find_births.fed_since
    group by feed.item_id
    offset 0
) as fed
inner join core.item as item on fed.item_id = item.item_id
where item.first_event_at > fed.at or item.first_event_at is null;
end;

comment on function api.find_births(timestamptz) is
    'Notes which items of the feed''s slice are older than the catalogue says.';
