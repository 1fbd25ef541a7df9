-- agg.engagement_1d, with what came late or was changed since its refresh.
-- Source: agg.engagement_1d, api.unrefreshed, api.counted.
-- Feeds: api.engagement_daily, dashboards.
-- Keeps: equals the counted events at any moment, and so api.item_stats; never asks how often
-- aggregates are refreshed, which only says what it costs.
create view api.engagement_1d as
select
    made.bucket,
    made.item_id,
    made.views,
    made.likes,
    made.comments,
    made.shares,
    made.watch_seconds
from agg.engagement_1d as made
where not made.bucket <@ (select api.unrefreshed('engagement_1d'))
union all
select
    again.bucket,
    again.item_id,
    again.views,
    again.likes,
    again.comments,
    again.shares,
    again.watch_seconds
from api.counted('engagement_1d', api.unrefreshed('engagement_1d')) as again;

comment on view api.engagement_1d is
    'Views, likes, comments, shares and watch seconds of each item in each day (UTC), '
    'every event counted from its commit. '
    'Stable.';
comment on column api.engagement_1d.bucket is 'When the day begins.';
comment on column api.engagement_1d.item_id is 'core.item.';
comment on column api.engagement_1d.views is 'Views.';
comment on column api.engagement_1d.likes is
    'Likes less unlikes; below 0 where more were taken back.';
comment on column api.engagement_1d.comments is
    'Comments less uncomments; below 0 where more were taken back.';
comment on column api.engagement_1d.shares is 'Shares.';
comment on column api.engagement_1d.watch_seconds is 'Seconds watched.';
grant select on api.engagement_1d to groundswell_service, groundswell_read;
