-- Note the items that got more history than news by the events in the feed.
-- Source: core.score_feed, core.alert_policy, core.alert_subscription. Feeds: core.alert_history.
-- Keeps: only api.score_events may call it, before it empties the feed. One late event among those
-- of now is no backfill. Without a subscription to a ranking nothing is noted.
create function api.note_history(as_of timestamptz, fed_since timestamptz)
returns void
language sql volatile
-- As in api.add_to_scores: the feed's statistics are of a queue, mostly empty.
set enable_hashjoin = off
set enable_mergejoin = off
begin atomic
insert into core.alert_history as known (item_id, as_of)
select
    feed.item_id,
    note_history.as_of
from core.score_feed as feed
cross join core.alert_policy as policy
where
    feed.occurred_at >= note_history.fed_since
    and exists (
        select 1
        from core.alert_subscription as wanted
        where wanted.condition_type <> 'passes_count' and wanted.status = 'active'
    )
group by feed.item_id
having
    sum(
        case when feed.occurred_at > note_history.as_of - policy.news_for then -1 else 1 end
        * feed.count
    ) > 0
on conflict (item_id) do update set as_of = excluded.as_of;
end;

comment on function api.note_history(timestamptz, timestamptz) is
    'Remembers whom a backfill, and not what happens now, has moved.';
