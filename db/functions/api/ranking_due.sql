-- Whether a cron schedule in a time zone has come up since a moment.
-- Source: crontab(5). Feeds: api.run_rankings.
-- Keeps: a local time that a clock change skips counts as the moment right after it, one that it
-- repeats counts once: a daily ranking runs once a day, all year. Looks back a week at most.
create function api.ranking_due(
    schedule text, zone text, since timestamptz, as_of timestamptz
)
returns boolean
language sql stable parallel safe
begin atomic
with field as (
    select regexp_split_to_array(trim(schedule), '\s+') as list
),

minute as (
    select local_minute.at
    from generate_series(
        date_trunc(
            'minute', greatest(ranking_due.since, ranking_due.as_of - interval '7 days')
            at time zone zone
        ) - interval '2 hours',
        ranking_due.as_of at time zone zone + interval '2 hours',
        interval '1 minute'
    ) as local_minute (at)
    where trim(schedule) <> '* * * * *'
)

select
    (
        trim(schedule) = '* * * * *'
        and date_trunc('minute', ranking_due.as_of) > ranking_due.since
    )
    or ranking_due.since = '-infinity'
    or exists (
        select 1
        from minute
        cross join field
        where
            minute.at at time zone zone > ranking_due.since
            and minute.at at time zone zone <= ranking_due.as_of
            and api.cron_field_matches(field.list[1], date_part('minute', minute.at)::integer, 0)
            and api.cron_field_matches(field.list[2], date_part('hour', minute.at)::integer, 0)
            and api.cron_field_matches(field.list[4], date_part('month', minute.at)::integer, 1)
            and case
                -- Both days given: either will do, as in every cron.
                when field.list[3] not like '*%' and field.list[5] not like '*%' then
                    api.cron_field_matches(
                        field.list[3], date_part('day', minute.at)::integer, 1
                    )
                    or api.cron_field_matches(
                        field.list[5], date_part('dow', minute.at)::integer, 0
                    )
                    or api.cron_field_matches(
                        field.list[5], date_part('isodow', minute.at)::integer, 0
                    )
                else
                    api.cron_field_matches(
                        field.list[3], date_part('day', minute.at)::integer, 1
                    )
                    and (
                        api.cron_field_matches(
                            field.list[5], date_part('dow', minute.at)::integer, 0
                        )
                        or api.cron_field_matches(
                            field.list[5], date_part('isodow', minute.at)::integer, 0
                        )
                    )
            end
    );
end;

comment on function api.ranking_due(text, text, timestamptz, timestamptz) is
    'True if the schedule, in local time of the zone, came up after since and up to as_of.';
grant execute on function api.ranking_due(text, text, timestamptz, timestamptz)
to groundswell_service, groundswell_read;
