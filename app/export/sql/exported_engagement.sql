-- Counts of each item in each bucket (1m, 15m or 1d, in UTC) of a stretch of time, in order; with
-- what came late and waits for its aggregate to be refreshed.
select
    to_char(counts.bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as bucket,
    item.external_id as "contentId",
    item.content_type as "contentType",
    item.title,
    item.category,
    item.creator,
    counts.views,
    counts.likes,
    counts.comments,
    counts.shares,
    counts.watch_seconds as "watchSeconds"
from (
    select
        minute.bucket,
        minute.item_id,
        minute.views,
        minute.likes,
        minute.comments,
        minute.shares,
        minute.watch_seconds
    from api.engagement_1m as minute
    where
        %(level)s::text = '1m'
        and minute.bucket >= %(since)s::timestamptz and minute.bucket < %(until)s::timestamptz
    union all
    select
        quarter.bucket,
        quarter.item_id,
        quarter.views,
        quarter.likes,
        quarter.comments,
        quarter.shares,
        quarter.watch_seconds
    from api.engagement_15m as quarter
    where
        %(level)s::text = '15m'
        and quarter.bucket >= %(since)s::timestamptz and quarter.bucket < %(until)s::timestamptz
    union all
    select
        day.bucket,
        day.item_id,
        day.views,
        day.likes,
        day.comments,
        day.shares,
        day.watch_seconds
    from api.engagement_1d as day
    where
        %(level)s::text = '1d'
        and day.bucket >= %(since)s::timestamptz and day.bucket < %(until)s::timestamptz
) as counts
inner join core.item as item on counts.item_id = item.item_id
order by counts.bucket, counts.item_id
