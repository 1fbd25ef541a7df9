-- Lifetime counts of every item that was ever counted, as of now.
-- Source: core.item, core.item_window_all, core.score_feed, core.item_hot. Feeds: SQL dashboards.
-- Keeps: every counted event once, from the moment that it is committed, whatever died meanwhile:
-- api.score_events adds the queue up and empties it in one transaction. An item without a counted
-- event is not in it. The most viewed come by an index, merged with those that wait to be scored:
-- the cost of the first few follows what waits, not what there is.
create view api.item_popularity as
select
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.category,
    item.creator,
    counted.views,
    greatest(counted.likes, 0) as likes,
    greatest(counted.comments, 0) as comments,
    counted.shares,
    counted.watch_seconds,
    nullif(counted.last_event_at, '-infinity') as last_event_at,
    hot.hot_score,
    hot.hot_rank,
    coalesce(hot.is_hot, false) as is_hot,
    counted.item_id
from (
    -- Without a condition, so that it is read in the index's order.
    select
        scored.item_id,
        scored.views,
        scored.likes,
        scored.comments,
        scored.shares,
        scored.watch_seconds,
        scored.last_event_at,
        false as is_fed
    from core.item_window_all as scored
    union all
    select
        fed.item_id,
        coalesce(before.views, 0) + fed.views as views,
        coalesce(before.likes, 0) + fed.likes as likes,
        coalesce(before.comments, 0) + fed.comments as comments,
        coalesce(before.shares, 0) + fed.shares as shares,
        coalesce(before.watch_seconds, 0) + fed.watch_seconds as watch_seconds,
        greatest(before.last_event_at, fed.last_event_at) as last_event_at,
        true as is_fed
    from (
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
    ) as fed
    left join lateral (
        select lifetime.*
        from core.item_window_all as lifetime
        where lifetime."window" = 'all' and lifetime.item_id = fed.item_id
        -- Looked up, never joined: a few wait, and the table is large.
        offset 0
    ) as before on true
) as counted
inner join core.item as item on counted.item_id = item.item_id
left join core.item_hot as hot on counted.item_id = hot.item_id
where
    counted.is_fed
    -- A set, and not a join, which would lose the order.
    or counted.item_id not in (select distinct feed.item_id from core.score_feed as feed);

comment on view api.item_popularity is
    'Every item that was ever counted, with its lifetime counts, exact as of now, and how hot it '
    'is. '
    'Stable.';
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
comment on column api.item_popularity.item_id is 'core.item.';
grant select on api.item_popularity to groundswell_service, groundswell_read;
