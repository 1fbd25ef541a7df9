-- Why a day or month cannot be rebuilt from raw events; null where it can.
-- Source: api.raw_since. Feeds: api.request_recompute, api.recompute_stats.
-- Keeps: where raw events are gone, a refresh would delete the counts that are made of them.
create function api.recompute_fault(since timestamptz)
returns text
language sql stable
begin atomic
select
    format(
        'raw events before %s (UTC) are gone, so that recomputing %s would delete its history',
        (gone.before at time zone 'UTC')::date,
        (since at time zone 'UTC')::date
    )
from (select api.raw_since() as before) as gone
where gone.before > date_trunc('day', since, 'UTC');
end;

comment on function api.recompute_fault(timestamptz) is
    'Names the day from which on raw events are still there, if that is too late for since.';
