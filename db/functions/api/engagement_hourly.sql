-- Engagement of each item in each hour, with what the catalogue says of it.
-- Source: api.engagement_15m, core.item. Feeds: SQL dashboards.
-- Keeps: equals the counted events at any moment.
create view api.engagement_hourly as
select
    hourly.bucket,
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.category,
    item.creator,
    hourly.views,
    hourly.likes,
    hourly.comments,
    hourly.shares,
    hourly.watch_seconds,
    hourly.item_id
from (
    select
        time_bucket(interval '1 hour', part.bucket) as bucket,
        part.item_id,
        sum(part.views)::bigint as views,
        sum(part.likes)::bigint as likes,
        sum(part.comments)::bigint as comments,
        sum(part.shares)::bigint as shares,
        sum(part.watch_seconds) as watch_seconds
    from api.engagement_15m as part
    group by time_bucket(interval '1 hour', part.bucket), part.item_id
) as hourly
inner join core.item as item on hourly.item_id = item.item_id;

comment on view api.engagement_hourly is
    'Views, likes, comments, shares and watch seconds of each item in each hour (UTC), with its '
    'title; every event counted from its commit. '
    'Stable.';
comment on column api.engagement_hourly.bucket is 'When the hour begins.';
comment on column api.engagement_hourly.content_type is 'Kind of content.';
comment on column api.engagement_hourly.content_id is 'The application''s id of the item.';
comment on column api.engagement_hourly.title is 'Title as the catalogue says.';
comment on column api.engagement_hourly.category is 'Category as the catalogue says.';
comment on column api.engagement_hourly.creator is 'Creator as the catalogue says.';
comment on column api.engagement_hourly.views is 'Views.';
comment on column api.engagement_hourly.likes is
    'Likes less unlikes; below 0 where more were taken back.';
comment on column api.engagement_hourly.comments is
    'Comments less uncomments; below 0 where more were taken back.';
comment on column api.engagement_hourly.shares is 'Shares.';
comment on column api.engagement_hourly.watch_seconds is 'Seconds watched.';
comment on column api.engagement_hourly.item_id is
    'core.item: asked for one, no other item''s counts are read.';
grant select on api.engagement_hourly to groundswell_service, groundswell_read;
