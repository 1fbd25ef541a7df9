-- Lifetime counts of every item of the catalogue, as of now.
-- Source: core.item, core.item_window (all), core.score_feed, core.item_hot. Feeds: SQL dashboards.
-- Keeps: every counted event once, from the moment that it is committed, whatever died meanwhile:
-- api.score_events adds the queue up and empties it in one transaction. Zeros for an item without
-- counted events.
create view api.item_popularity as
select
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.category,
    item.creator,
    coalesce(lifetime.views, 0) + coalesce(fed.views, 0) as views,
    greatest(coalesce(lifetime.likes, 0) + coalesce(fed.likes, 0), 0) as likes,
    greatest(coalesce(lifetime.comments, 0) + coalesce(fed.comments, 0), 0) as comments,
    coalesce(lifetime.shares, 0) + coalesce(fed.shares, 0) as shares,
    coalesce(lifetime.watch_seconds, 0) + coalesce(fed.watch_seconds, 0) as watch_seconds,
    nullif(greatest(lifetime.last_event_at, fed.last_event_at), '-infinity') as last_event_at,
    hot.hot_score,
    hot.hot_rank,
    coalesce(hot.is_hot, false) as is_hot
from core.item as item
left join core.item_window as lifetime
    on item.item_id = lifetime.item_id and lifetime."window" = 'all'
left join (
    select
        feed.item_id,
        sum(one.views)::bigint as views,
        sum(one.likes)::bigint as likes,
        sum(one.comments)::bigint as comments,
        sum(one.shares)::bigint as shares,
        sum(one.watch_seconds) as watch_seconds,
        max(feed.occurred_at) filter (where one.gives) as last_event_at
    from core.score_feed as feed
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    group by feed.item_id
) as fed on item.item_id = fed.item_id
left join core.item_hot as hot on item.item_id = hot.item_id;

comment on view api.item_popularity is
    'Every item with its lifetime counts, exact as of now, and how hot it is.';
comment on column api.item_popularity.content_type is 'Kind of content.';
comment on column api.item_popularity.content_id is 'The application''s id of the item.';
comment on column api.item_popularity.title is 'Title as the catalogue says.';
comment on column api.item_popularity.category is 'Category as the catalogue says.';
comment on column api.item_popularity.creator is 'Creator as the catalogue says.';
comment on column api.item_popularity.views is 'Views, ever; 64 bits, as all counts.';
comment on column api.item_popularity.likes is 'Likes less unlikes, ever; at least 0.';
comment on column api.item_popularity.comments is 'Comments less uncomments, ever; at least 0.';
comment on column api.item_popularity.shares is 'Shares, ever.';
comment on column api.item_popularity.watch_seconds is 'Seconds watched, ever.';
comment on column api.item_popularity.last_event_at is
    'Its newest counted event but unlikes and uncomments; null for none.';
comment on column api.item_popularity.hot_score is
    'Score in the ranking hot, within 0.001; null without an event in its window.';
comment on column api.item_popularity.hot_rank is
    'Place by that score, from 1; beyond 1,000 within a hundredth of the last hour.';
comment on column api.item_popularity.is_hot is 'Whether it is among the hottest fifth.';
grant select on api.item_popularity to groundswell_service, groundswell_read;
