-- The first day of new items: views in the 24 hours after each was published, over two weeks.
-- Over: 15 days.
select
    hourly.content_id,
    hourly.title,
    item.published_at,
    sum(hourly.views) as views,
    sum(hourly.likes) as likes
from core.item as item
inner join api.engagement_hourly as hourly
    on item.content_type = hourly.content_type and item.external_id = hourly.content_id
where
    item.published_at >= now() - interval '14 days'
    and hourly.bucket >= now() - interval '14 days'
    and hourly.bucket >= date_trunc('hour', item.published_at)
    and hourly.bucket < item.published_at + interval '24 hours'
group by hourly.content_type, hourly.content_id, hourly.title, item.published_at
order by views desc
limit 20;
