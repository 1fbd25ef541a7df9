-- The catalogue entries of one id, of one content type or, where it is null, of all. Counts hold
-- every committed event: what is scored, and what waits for it.
select
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    item.published_at,
    item.attributes,
    item.created_at,
    coalesce(lifetime.views, 0) + fed.views as views,
    greatest(coalesce(lifetime.likes, 0) + fed.likes, 0) as likes,
    greatest(coalesce(lifetime.comments, 0) + fed.comments, 0) as comments,
    coalesce(lifetime.shares, 0) + fed.shares as shares,
    hot.hot_score,
    hot.hot_rank,
    coalesce(hot.is_hot, false) as is_hot,
    coalesce(liked.likes, 0) as likes_count,
    case when %(user_id)s::text is not null then coalesce(mine.liked, false) end as has_liked,
    excluded.reason as excluded_because,
    excluded.excluded_at as excluded_since
from core.item as item
left join core.item_window as lifetime
    on item.item_id = lifetime.item_id and lifetime."window" = 'all'
cross join lateral (
    select
        coalesce(sum(one.views), 0)::bigint as views,
        coalesce(sum(one.likes), 0)::bigint as likes,
        coalesce(sum(one.comments), 0)::bigint as comments,
        coalesce(sum(one.shares), 0)::bigint as shares
    from core.score_feed as feed
    cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
    where feed.item_id = item.item_id
) as fed
left join core.item_hot as hot on item.item_id = hot.item_id
left join core.item_like_count as liked on item.item_id = liked.item_id
left join core.item_like as mine
    on item.item_id = mine.item_id and mine.user_id = %(user_id)s::text
left join api.exclusion_in_force as excluded on item.item_id = excluded.item_id
where
    item.external_id = %(external_id)s::text
    and (
        %(content_type)s::text is null
        or item.content_type = %(content_type)s::text
    )
order by item.content_type
