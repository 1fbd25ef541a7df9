-- What of the scored events does not count in lists that fade, without whose they were.
-- Source: core.discount. Feeds: api.recount_scores, api.last_hour_points.
create view api.discount as
select
    taken.item_id,
    taken.at,
    taken.views,
    taken.likes,
    taken.comments,
    taken.shares,
    taken.watch_seconds
from core.discount as taken;

comment on view api.discount is
    'Counts to take off the events for rankings with option discount; some are below 0, and take '
    'back what others take off.';
comment on column api.discount.item_id is 'core.item.';
comment on column api.discount.at is 'When the action happened.';
comment on column api.discount.views is 'Views to take off.';
comment on column api.discount.likes is 'Likes less unlikes to take off.';
comment on column api.discount.comments is 'Comments less uncomments to take off.';
comment on column api.discount.shares is 'Shares to take off.';
comment on column api.discount.watch_seconds is 'Seconds watched to take off.';
grant select on api.discount to groundswell_service, groundswell_read;
