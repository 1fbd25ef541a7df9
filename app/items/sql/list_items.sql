-- One page of the catalogue in one of its orders, after the item that a cursor names.
select
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    item.published_at,
    item.attributes,
    item.created_at,
    coalesce(lifetime.views, 0) as views,
    greatest(lifetime.likes, 0) as likes,
    greatest(lifetime.comments, 0) as comments,
    coalesce(lifetime.shares, 0) as shares,
    hot.hot_score,
    hot.hot_rank,
    coalesce(hot.is_hot, false) as is_hot,
    coalesce(liked.likes, 0) as likes_count,
    case when %(user_id)s::text is not null then coalesce(mine.liked, false) end as has_liked,
    null::text as excluded_because,
    null::timestamptz as excluded_since,
    listed.item_id,
    listed.is_rest,
    listed.sort_count,
    listed.sort_moment
from api.list_items(
    %(sort)s::text,
    %(category)s::text,
    %(content_type)s::text,
    %(after_rest)s::boolean,
    %(after_count)s::bigint,
    %(after_moment)s::timestamptz,
    %(after_item)s::bigint,
    %(most)s::integer
) with ordinality as listed (item_id, is_rest, sort_count, sort_moment, place)
inner join core.item as item on listed.item_id = item.item_id
left join core.item_window as lifetime
    on listed.item_id = lifetime.item_id and lifetime."window" = 'all'
left join core.item_hot as hot on listed.item_id = hot.item_id
left join core.item_like_count as liked on listed.item_id = liked.item_id
left join core.item_like as mine
    on listed.item_id = mine.item_id and mine.user_id = %(user_id)s::text
order by listed.place
