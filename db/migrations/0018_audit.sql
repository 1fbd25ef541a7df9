-- What admins did, and the days and months whose counts are to be rebuilt from raw events.
-- Source: the routes of /admin. Feeds: GET /admin/audit, api.recompute_stats.

create table core.audit (
    audit_id bigint generated always as identity primary key,
    action text not null,
    who text not null,
    parameters jsonb not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    outcome jsonb,
    error text,
    constraint audit_action_named check (char_length(action) > 0),
    constraint audit_by_someone check (char_length(who) > 0),
    constraint audit_parameters_object check (jsonb_typeof(parameters) = 'object')
);

comment on table core.audit is
    'What was done through /admin: a row is written before, and ended once after. Only '
    'api.begin_audit and api.end_audit write it; nothing deletes it.';
comment on column core.audit.audit_id is 'Rises with every action.';
comment on column core.audit.action is 'What was done, such as rankings.refresh.';
comment on column core.audit.who is
    'The name of the API key, or "admin key" for that of the settings.';
comment on column core.audit.parameters is 'What was asked for.';
comment on column core.audit.began_at is 'When it was asked for.';
comment on column core.audit.ended_at is
    'When it ended; null while under way, or if it was cut off.';
comment on column core.audit.outcome is 'What came of it; null if nothing did.';
comment on column core.audit.error is 'Why it failed; null when all went well.';

create table core.recompute (
    recompute_id bigint generated always as identity primary key,
    audit_id bigint not null references core.audit,
    period text not null,
    zone text not null,
    since timestamptz not null,
    until timestamptz not null,
    requested_at timestamptz not null,
    started_at timestamptz,
    attempts integer not null default 0,
    rebuilt_until timestamptz,
    finished_at timestamptz,
    items_touched bigint,
    items_mended bigint,
    error text,
    constraint recompute_period_known check (period in ('daily', 'monthly')),
    constraint recompute_forwards check (since < until)
);

-- The rule that two are never under way at once, on any number of processes.
create unique index recompute_one_at_a_time on core.recompute ((true)) where finished_at is null;
create index recompute_of_audit on core.recompute (audit_id);

comment on table core.recompute is
    'Days and months whose aggregates are to be rebuilt from raw events. The service may only ask: '
    'the job groundswell_refresh_aggregates does it, as the owner of the aggregates.';
comment on column core.recompute.recompute_id is 'Rises with every request.';
comment on column core.recompute.audit_id is 'core.audit: who asked.';
comment on column core.recompute.period is 'daily or monthly.';
comment on column core.recompute.zone is 'Time zone whose day or month it is.';
comment on column core.recompute.since is 'First moment of the day or month.';
comment on column core.recompute.until is 'First moment after it.';
comment on column core.recompute.requested_at is 'When it was asked for.';
comment on column core.recompute.started_at is 'When the job began with it; null before.';
comment on column core.recompute.attempts is
    'How often the job has begun with it since it last left it in good order.';
comment on column core.recompute.rebuilt_until is
    'Up to which day the job has come; null before. It goes on from there.';
comment on column core.recompute.finished_at is 'When it ended, well or not; null before.';
comment on column core.recompute.items_touched is 'Items with events on those days.';
comment on column core.recompute.items_mended is
    'Those of them whose counts differed from the raw events before.';
comment on column core.recompute.error is 'Why it failed; null when all went well.';
