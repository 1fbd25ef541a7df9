-- How much an event adds to one metric: its count, less than nothing if it takes one back, or 0.
-- Source: core.event, core.score_feed. Feeds: every decayed sum.
create function api.signed_count(
    event_type core.event_type, adds core.event_type, takes_back core.event_type, count integer
)
returns integer
language sql immutable parallel safe
return case event_type when adds then count when takes_back then -count else 0 end;

comment on function api.signed_count (
    core.event_type, core.event_type, core.event_type, integer
) is 'count for the type that adds, -count for the type that takes back, 0 for any other.';
grant execute on function api.signed_count (
    core.event_type, core.event_type, core.event_type, integer
) to groundswell_service, groundswell_read;
