-- Ask for a day or a month to be rebuilt from raw events.
-- Source: POST /admin/stats/recompute. Feeds: core.recompute, core.audit.
-- Keeps: one at a time (recompute_one_at_a_time); nothing is asked for that cannot be done. day is
-- any day of the month; null is today in zone.
create function api.request_recompute(
    period text, day date, zone text, who text, as_of timestamptz
)
returns core.recompute
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
declare
    local_day date;
    first timestamptz;
    after timestamptz;
    fault text;
    audit_id bigint;
    made core.recompute;
begin
    if not core.is_zone(zone) then
        raise exception using
            errcode = 'check_violation',
            message = format('zone: %L is no IANA time zone, such as Europe/Berlin', zone);
    end if;
    local_day := coalesce(day, (as_of at time zone zone)::date);
    if period = 'monthly' then
        local_day := date_trunc('month', local_day)::date;
    end if;
    first := local_day::timestamp at time zone zone;
    after := case period
        when 'monthly' then (local_day + interval '1 month') at time zone zone
        else (local_day + interval '1 day') at time zone zone
    end;
    if first > as_of then
        raise exception using
            errcode = 'check_violation', message = format('date: %s has not begun', local_day);
    end if;
    fault := api.recompute_fault(first);
    if fault is not null then
        raise exception using
            errcode = 'check_violation',
            message = fault,
            constraint = 'recompute_from_raw_events';
    end if;

    audit_id := api.begin_audit(
        who,
        'stats.recompute',
        jsonb_build_object('period', period, 'date', local_day, 'zone', zone),
        as_of
    );
    insert into core.recompute as wanted
    (audit_id, period, zone, since, until, requested_at)
    values (audit_id, period, zone, first, after, as_of)
    returning wanted.* into made;
    return made;
end;
$$;

comment on function api.request_recompute(text, date, text, text, timestamptz) is
    'Puts daily or monthly of a day in line and answers it. Raises check_violation for what '
    'cannot be done, recompute_from_raw_events where raw events are gone, unique_violation while '
    'another one waits.';
revoke execute on function api.request_recompute(text, date, text, text, timestamptz) from public;
grant execute on function api.request_recompute(text, date, text, text, timestamptz)
to groundswell_service;
