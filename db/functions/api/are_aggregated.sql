-- Whether every aggregate has counted all events up to now, but for the newest part.
-- Source: api.changed_ranges, core.aggregate_level. Feeds: `groundswell import`.
create function api.are_aggregated(as_of timestamptz)
returns boolean
language sql stable
set jit = off
begin atomic
select not exists (
    select stretch.begins
    from core.aggregate_level as level
    inner join core.storage_policy as policy on level.name = policy.level
    cross join lateral api.changed_ranges(
        level.name,
        level.bucket,
        api.dropped_before(level.source),
        time_bucket(level.bucket, are_aggregated.as_of - policy.refresh_lag)
    ) as stretch
);
end;

comment on function api.are_aggregated(timestamptz) is
    'True where no refresh has anything left to do.';
