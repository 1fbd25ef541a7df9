-- agg.engagement_1m, with what came late or was changed since its refresh.
-- Source: agg.engagement_1m, api.unrefreshed, api.counted.
-- Feeds: dashboards.
-- Keeps: equals the counted events at any moment, and so api.item_stats; never asks how often
-- aggregates are refreshed, which only says what it costs.
create view api.engagement_1m as
select
    made.bucket,
    made.item_id,
    made.views,
    made.likes,
    made.comments,
    made.shares,
    made.watch_seconds
from agg.engagement_1m as made
where not made.bucket <@ (select api.unrefreshed('engagement_1m'))
union all
select
    again.bucket,
    again.item_id,
    again.views,
    again.likes,
    again.comments,
    again.shares,
    again.watch_seconds
from api.counted('engagement_1m', api.unrefreshed('engagement_1m')) as again;

comment on view api.engagement_1m is
    'Views, likes, comments, shares and watch seconds of each item in each minute (UTC), '
    'every event counted from its commit. '
    'Stable.';
comment on column api.engagement_1m.bucket is 'When the minute begins.';
comment on column api.engagement_1m.item_id is 'core.item.';
comment on column api.engagement_1m.views is 'Views.';
comment on column api.engagement_1m.likes is
    'Likes less unlikes; below 0 where more were taken back.';
comment on column api.engagement_1m.comments is
    'Comments less uncomments; below 0 where more were taken back.';
comment on column api.engagement_1m.shares is 'Shares.';
comment on column api.engagement_1m.watch_seconds is 'Seconds watched.';
grant select on api.engagement_1m to groundswell_service, groundswell_read;
