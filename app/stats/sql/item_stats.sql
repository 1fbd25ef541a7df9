-- Counts of one item today, this month and ever; no row for an unknown item.
select
    content_id,
    content_type,
    views_today,
    views_month,
    views_total,
    likes_today,
    likes_month,
    likes_total,
    comments_today,
    comments_month,
    comments_total,
    shares_today,
    shares_month,
    shares_total,
    watch_seconds_today,
    watch_seconds_month,
    watch_seconds_total,
    as_of,
    zone
from api.item_stats(%(content_type)s::text, %(content_id)s::text, %(as_of)s::timestamptz);
