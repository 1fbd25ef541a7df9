-- The members of a top list, as its last run found them, with their counts as of this statement:
-- those in the window, and those in the feed that the window does not have yet.
-- Source: api.newest_run, api.top_list_members. Feeds: the publisher.
-- Keeps: as one statement sees one snapshot, a count holds exactly the events committed in that
-- snapshot that happened after since. A list whose calendar window has turned since its run has no
-- row: it waits for the next run.
create function api.top_list_counts(ranking_name text)
returns table (
    ranking text,
    run_id bigint,
    as_of timestamptz,
    confirmed_at timestamptz,
    "window" text,
    metric text,
    subject text,
    content_type text,
    since timestamptz,
    until timestamptz,
    redis_seconds integer,
    snapshot text,
    item_ids bigint[],
    names text[],
    counts double precision[]
)
language sql stable rows 1
set jit = off
begin atomic
select
    known.name,
    run.run_id,
    run.as_of,
    run.confirmed_at,
    settings."window",
    list.metric,
    settings.subject,
    settings.content_type,
    position.since,
    api.calendar_start(
        position."window", position.since + interval '1 microsecond', position.zone, 1
    ),
    date_part('epoch', known.redis_ttl)::integer,
    pg_current_snapshot()::text,
    member.item_ids,
    member.names,
    member.counts
from core.ranking as known
inner join api.newest_run as run on known.ranking_id = run.ranking_id
cross join lateral jsonb_populate_record(null::core.ranking, run.parameters) as settings
cross join lateral (
    select api.ranking_option(settings, 'metric') as metric
) as list
inner join core.window_position as position on settings."window" = position."window"
cross join lateral (
    select
        array_agg(counted.item_id order by counted.place) as item_ids,
        array_agg(counted.name order by counted.place) as names,
        array_agg(counted.count order by counted.place) as counts
    from api.top_list_members(
        run.run_id, settings."window", list.metric, settings.subject, settings.content_type,
        position.since
    ) as counted
) as member
where
    known.enabled
    and known.name = ranking_name
    and settings.formula = 'top_count'
    and coalesce(position.turned_at <= run.confirmed_at, true);
end;

comment on function api.top_list_counts(text) is
    'What a top_count ranking is, its members by place, and their counts up to the transactions '
    'that snapshot (pg_snapshot) sees; either item_ids or names has nulls.';
grant execute on function api.top_list_counts(text) to groundswell_service;
