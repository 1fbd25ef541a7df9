-- Counts of the events that are gone, as finely as anybody needs to know them still.
-- Source: api.dropped_minutes as far back as windows reach, before that agg.engagement_1d, at noon.
-- Feeds: api.recount_windows, api.recount_scores.
-- Keeps: with the events since api.raw_since, each event is counted once. No minutes are read as
-- long as the events outlive the windows.
create function api.dropped_counts()
returns table (
    item_id bigint, at timestamptz, views bigint, likes bigint, comments bigint, shares bigint,
    watch_seconds double precision
)
language plpgsql stable
set jit = off
as $$
declare
    raw_since constant timestamptz := api.raw_since();
    minutes_since timestamptz;
begin
    minutes_since := least(
        date_trunc('day', raw_since, 'UTC'),
        date_trunc(
            'day',
            greatest(
                api.dropped_before('engagement_1m') + interval '24 hours' - interval '1 microsecond',
                (
                    select min(position.since) from core.window_position as position
                    where isfinite(position.since)
                )
            ),
            'UTC'
        )
    );
    return query
    select
        day.item_id,
        day.bucket + interval '12 hours',
        day.views,
        day.likes,
        day.comments,
        day.shares,
        day.watch_seconds
    from agg.engagement_1d as day
    where day.bucket < minutes_since;
    return query
    select minute.*
    from api.dropped_minutes(minutes_since, raw_since, raw_since) as minute;
end;
$$;

comment on function api.dropped_counts() is
    'What is known of events whose rows are gone: item, about when, and counts.';
grant execute on function api.dropped_counts() to groundswell_service, groundswell_read;
