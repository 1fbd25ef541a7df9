-- Events without whom they are of.
-- Source: core.event. Feeds: dashboards, api.recount_scores.
create view api.event as
select
    event.event_id,
    event.occurred_at,
    event.received_at,
    event.item_id,
    event.event_type,
    event.count,
    event.seconds,
    event.metadata,
    event.counted,
    event.uncounted_because
from core.event as event;

comment on view api.event is
    'core.event for those who count: without users and sessions, which dashboards need not see. '
    'Stable.';
comment on column api.event.event_id is 'The caller''s id, or one made for it.';
comment on column api.event.occurred_at is 'When it happened.';
comment on column api.event.received_at is 'When the API accepted it.';
comment on column api.event.item_id is 'core.item.';
comment on column api.event.event_type is 'What happened.';
comment on column api.event.count is 'How many such events this row stands for.';
comment on column api.event.seconds is 'Seconds watched by each of count; only for watch_time.';
comment on column api.event.metadata is 'What else the caller sent with it, an object.';
comment on column api.event.counted is 'False where it is left out of every count.';
comment on column api.event.uncounted_because is 'Why it came in uncounted; null where it counted.';
grant select on api.event to groundswell_service, groundswell_read;
