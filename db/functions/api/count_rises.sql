-- What the events in the feed brought lifetime counts up by.
-- Source: core.score_feed, core.item_window, core.alert_policy. Feeds: api.raise_count_alerts.
-- Keeps: after the windows have moved and before the feed is emptied, in one snapshot: the count
-- before is the count less the feed. Only what happened lately is gain, so that a threshold that
-- history has passed is not passed now; and no more than what is left of it after what was taken
-- back.
create function api.count_rises(as_of timestamptz, fed_since timestamptz)
returns table (item_id bigint, metric text, count bigint, gain bigint)
language sql stable
-- As in api.add_to_scores: the feed's statistics are of a queue, mostly empty.
set enable_hashjoin = off
set enable_mergejoin = off
begin atomic
with gained as (
    select
        feed.item_id,
        feed.occurred_at > count_rises.as_of - policy.news_for as is_news,
        sum(one.views) as views,
        sum(one.likes) as likes,
        sum(one.comments) as comments,
        sum(one.shares) as shares
    from core.score_feed as feed
    cross join core.alert_policy as policy
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    where feed.occurred_at >= count_rises.fed_since
    group by feed.item_id, is_news
)

select
    gained.item_id,
    part.metric,
    max(part.count),
    least(sum(part.gain), sum(part.gain) filter (where gained.is_news))::bigint
from gained
inner join core.item_window as counted
    on gained.item_id = counted.item_id and counted."window" = 'all'
cross join lateral (
    values
    ('views', counted.views, gained.views),
    ('likes', counted.likes, gained.likes),
    ('comments', counted.comments, gained.comments),
    ('shares', counted.shares, gained.shares)
) as part (metric, count, gain)
group by gained.item_id, part.metric
having least(sum(part.gain), coalesce(sum(part.gain) filter (where gained.is_news), 0)) > 0;
end;

comment on function api.count_rises(timestamptz, timestamptz) is
    'Lifetime counts that the feed''s slice has raised: what they are now, and how much of it is '
    'news.';
