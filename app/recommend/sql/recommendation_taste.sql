-- Titles of what a user viewed and likes, newest first, and of what is trending in the same filter.
-- Nothing that is excluded, nothing without a title, and nothing that says who the user is.
with viewed as (
    select
        event.item_id,
        max(event.occurred_at) as moment
    from (
        select
            recent.item_id,
            recent.occurred_at
        from core.event as recent
        where
            recent.user_id = %(user_id)s::text
            and recent.event_type in ('view', 'watch_time')
            and recent.occurred_at <= %(as_of)s::timestamptz
        order by recent.occurred_at desc, recent.event_id desc
        limit 200
    ) as event
    group by event.item_id
    order by max(event.occurred_at) desc, event.item_id asc
    limit 20
),

liked as (
    select
        mine.item_id,
        mine.changed_at as moment
    from core.item_like as mine
    where mine.user_id = %(user_id)s::text and mine.liked
    order by mine.changed_at desc, mine.item_id desc
    limit 20
),

part as (
    select
        'viewed' as part,
        viewed.item_id,
        row_number() over (order by viewed.moment desc, viewed.item_id) as place
    from viewed
    union all
    select
        'liked' as part,
        liked.item_id,
        row_number() over (order by liked.moment desc, liked.item_id desc) as place
    from liked
    union all
    select
        'trending' as part,
        listed.item_id,
        listed.rank::bigint as place
    from api.current_ranking as listed
    where
        listed.ranking = 'trending_24h'
        and listed.segment = coalesce(
            'category:' || %(category)s::text,
            'content_type:' || %(content_type)s::text,
            ''
        )
        and listed.rank <= 10
)

select
    part.part,
    item.title
from part
inner join core.item as item on part.item_id = item.item_id
where
    item.title is not null
    and not exists (
        select 1
        from api.exclusion_in_force as excluded
        where excluded.item_id = part.item_id
    )
order by part.part, part.place;
