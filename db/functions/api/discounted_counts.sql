-- What so many actions of a kind are of each metric, signed, also in parts of one.
-- Source: core.discount. Feeds: api.note_discounts, api.apply_labels.
create function api.discounted_counts(
    event_type core.event_type, count double precision, seconds double precision
)
returns table (
    views double precision,
    likes double precision,
    comments double precision,
    shares double precision,
    watch_seconds double precision
)
language sql immutable parallel safe rows 1
begin atomic
select
    case event_type when 'view' then count else 0 end,
    case event_type when 'like' then count when 'unlike' then -count else 0 end,
    case event_type when 'comment' then count when 'uncomment' then -count else 0 end,
    case event_type when 'share' then count else 0 end,
    case event_type when 'watch_time' then coalesce(seconds, 0) else 0 end;
end;

comment on function api.discounted_counts(
    core.event_type, double precision, double precision
) is 'Views, likes, comments, shares and watch seconds (all of them, not of each) of a count.';
