-- Engagement of each item in each day, in UTC, with what the catalogue says of it.
-- Source: api.engagement_1d, core.item. Feeds: SQL dashboards.
-- Keeps: equals the counted events at any moment.
create view api.engagement_daily as
select
    daily.bucket,
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.category,
    item.creator,
    daily.views,
    daily.likes,
    daily.comments,
    daily.shares,
    daily.watch_seconds,
    daily.item_id
from api.engagement_1d as daily
inner join core.item as item on daily.item_id = item.item_id;

comment on view api.engagement_daily is
    'Views, likes, comments, shares and watch seconds of each item in each day (UTC), with its '
    'title; every event counted from its commit. '
    'Stable.';
comment on column api.engagement_daily.bucket is 'When the day begins.';
comment on column api.engagement_daily.content_type is 'Kind of content.';
comment on column api.engagement_daily.content_id is 'The application''s id of the item.';
comment on column api.engagement_daily.title is 'Title as the catalogue says.';
comment on column api.engagement_daily.category is 'Category as the catalogue says.';
comment on column api.engagement_daily.creator is 'Creator as the catalogue says.';
comment on column api.engagement_daily.views is 'Views.';
comment on column api.engagement_daily.likes is
    'Likes less unlikes; below 0 where more were taken back.';
comment on column api.engagement_daily.comments is
    'Comments less uncomments; below 0 where more were taken back.';
comment on column api.engagement_daily.shares is 'Shares.';
comment on column api.engagement_daily.watch_seconds is 'Seconds watched.';
comment on column api.engagement_daily.item_id is
    'core.item: asked for one, no other item''s counts are read.';
grant select on api.engagement_daily to groundswell_service, groundswell_read;
