-- The members of each top list, as its last run found them, with their counts as of this statement:
-- those in the window, and those in the feed that the window does not have yet.
-- Source: core.ranking_snapshot, core.item_window, core.score_feed. Feeds: the publisher.
-- Keeps: as one statement sees one snapshot, a count holds exactly the events committed in that
-- snapshot that happened after since. A list whose calendar window has turned since its run has no
-- row: it waits for the next run.
create function api.top_list_counts(rankings text[])
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
language plpgsql stable rows 20
set jit = off
as $$
declare
    list record;
begin
    for list in
        select
            known.name,
            run.*,
            run.parameters ->> 'window' as "window",
            api.ranking_option(
                jsonb_populate_record(null::core.ranking, run.parameters), 'metric'
            ) as metric,
            run.parameters ->> 'subject' as subject,
            run.parameters ->> 'content_type' as content_type,
            position.since,
            api.calendar_start(
                position."window", position.since + interval '1 microsecond', position.zone, 1
            ) as until,
            date_part('epoch', known.redis_ttl)::integer as redis_seconds
        from core.ranking as known
        cross join lateral (
            select newest.*
            from core.ranking_run as newest
            where newest.ranking_id = known.ranking_id
            order by newest.as_of desc, newest.run_id desc
            limit 1
        ) as run
        inner join core.window_position as position
            on position."window" = run.parameters ->> 'window'
        where
            known.enabled
            and known.name = any(rankings)
            and run.parameters ->> 'formula' = 'top_count'
            and coalesce(position.turned_at <= run.confirmed_at, true)
        order by known.name
    loop
        ranking := list.name;
        run_id := list.run_id;
        as_of := list.as_of;
        confirmed_at := list.confirmed_at;
        "window" := list."window";
        metric := list.metric;
        subject := list.subject;
        content_type := list.content_type;
        since := list.since;
        until := list.until;
        redis_seconds := list.redis_seconds;
        snapshot := pg_current_snapshot()::text;
        select
            array_agg(counted.item_id order by counted.place),
            array_agg(counted.name order by counted.place),
            array_agg(counted.count order by counted.place)
        into item_ids, names, counts
        from api.top_list_members(
            list.run_id, list."window", list.metric, list.subject, list.content_type, list.since
        ) as counted;
        return next;
    end loop;
end;
$$;

comment on function api.top_list_counts(text[]) is
    'The top_count rankings among those named: what they are, members by place, and counts up to '
    'the transactions that snapshot (pg_snapshot) sees; either item_ids or names has nulls.';
grant execute on function api.top_list_counts(text[]) to groundswell_service;
