-- What one event adds to each metric; unlike and uncomment take back.
-- Source: core.event, core.score_feed. Feeds: every sum over events.
create function api.event_counts(
    event_type core.event_type, count integer, seconds double precision
)
returns table (
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision,
    unlikes bigint,
    uncomments bigint,
    gives boolean
)
language sql immutable parallel safe rows 1
begin atomic
select
    case event_type when 'view' then count else 0 end::bigint,
    case event_type when 'like' then count when 'unlike' then -count else 0 end::bigint,
    case event_type when 'comment' then count when 'uncomment' then -count else 0 end::bigint,
    case event_type when 'share' then count else 0 end::bigint,
    case event_type when 'watch_time' then count * coalesce(seconds, 0) else 0 end,
    case event_type when 'unlike' then count else 0 end::bigint,
    case event_type when 'uncomment' then count else 0 end::bigint,
    event_type not in ('unlike', 'uncomment');
end;

comment on function api.event_counts(core.event_type, integer, double precision) is
    'Views, likes, comments, shares and watch seconds of one event, signed; what of it takes back, '
    'and whether it gives: only that makes an item active.';
grant execute on function api.event_counts(core.event_type, integer, double precision)
to groundswell_service, groundswell_read;
