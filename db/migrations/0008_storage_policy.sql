-- Retention, columnstore and refresh of every level, in one table a DBA can change.
-- Source: this file, then the DBA. Feeds: api.refresh_aggregates, api.maintain_storage.

create table core.storage_policy (
    level text primary key,
    keep_for interval,
    columnstore_after interval,
    refresh_every interval,
    refresh_lag interval,
    refresh_late_every interval,
    constraint storage_policy_level_known check (
        level in (
            'event', 'engagement_1m', 'engagement_15m', 'engagement_1d', 'site_1m', 'site_15m',
            'site_1d', 'snapshot', 'snapshot_hourly', 'snapshot_daily', 'claimed_id',
            'viewer_day', 'actor_action'
        )
        -- Those of core.dimension.
        or level ~ '^(dimension|site_by)_'
    ),
    constraint storage_policy_keep_positive check (keep_for >= interval '1 hour'),
    -- The longest moving window is taken out event by event, so the events must still be there.
    constraint storage_policy_event_outlives_windows check (
        level not in ('event', 'viewer_day') or keep_for >= interval '32 days'
    ),
    constraint storage_policy_columnstore_positive check (columnstore_after >= interval '1 day'),
    constraint storage_policy_columnstore_before_drop check (columnstore_after < keep_for),
    constraint storage_policy_refresh_positive check (refresh_every >= interval '1 minute'),
    constraint storage_policy_lag_positive check (refresh_lag >= interval '0 seconds')
);

comment on table core.storage_policy is
    'How long each level is kept, when it turns columnar, how often it is refreshed. '
    'Changes apply at the next run of the jobs.';
comment on column core.storage_policy.level is
    'core.event; an aggregate of agg; snapshot: every run''s, then without components; '
    'snapshot_hourly: one run''s an hour; snapshot_daily: one run''s a day; '
    'claimed_id: ids that callers gave, which are known again for at least so long; viewer_day: '
    'unique viewers of days and hours (those since a moment and of all time are kept for ever); '
    'actor_action: who has done what, which tells repeated actions.';
comment on column core.storage_policy.keep_for is
    'Chunks wholly older are dropped; null keeps all.';
comment on column core.storage_policy.columnstore_after is
    'Chunks older than this move to the columnstore; null leaves them as rows.';
comment on column core.storage_policy.refresh_every is
    'Least time between refreshes; null for core.event, which is not refreshed.';
comment on column core.storage_policy.refresh_lag is
    'The newest part that refreshes leave to real-time reads, so that events which take a moment '
    'to be written are seen at once; null for core.event.';
comment on column core.storage_policy.refresh_late_every is
    'Least time between refreshes of what is older than an hour and the newest whole bucket: each '
    'late event has a bucket of all items made anew, so those of some time are taken together; '
    'null for core.event.';
insert into core.storage_policy
(level, keep_for, columnstore_after, refresh_every, refresh_lag, refresh_late_every)
values
-- Raw rows outlive the longest window by a few days, and each level outlives the one it is made
-- of, so that an event which is late by a month still reaches every level.
('event', interval '35 days', interval '3 days', null, null, null),
('engagement_1m', interval '40 days', interval '7 days', '1 minute', '1 minute', '1 hour'),
('engagement_15m', interval '400 days', interval '40 days', '5 minutes', '1 minute', '1 hour'),
('engagement_1d', null, interval '60 days', interval '15 minutes', interval '1 minute', '6 hours'),
-- The same without items, for series of the site.
('site_1m', interval '40 days', interval '7 days', '1 minute', '1 minute', '1 hour'),
('site_15m', interval '400 days', interval '40 days', '5 minutes', '1 minute', '1 hour'),
('site_1d', null, interval '60 days', interval '15 minutes', interval '1 minute', '6 hours'),
('snapshot', interval '2 hours', null, null, null, null),
('snapshot_hourly', interval '3 days', null, null, null, null),
('snapshot_daily', interval '90 days', null, null, null, null),
('claimed_id', interval '1 day', null, null, null, null),
('viewer_day', interval '40 days', null, null, null, null);

-- In time order, without segments: an item's events are too few a day to fill one, and a late
-- event's search for its own id then unpacks only the batches around its time.
alter table core.event set (
    timescaledb.compress,
    timescaledb.compress_segmentby = '',
    timescaledb.compress_orderby = 'occurred_at, event_id'
);
alter materialized view agg.engagement_1m set (timescaledb.compress = true);
alter materialized view agg.engagement_15m set (timescaledb.compress = true);
alter materialized view agg.engagement_1d set (timescaledb.compress = true);
