-- Keep retention from dropping anything until this transaction ends, or say that it is too late.
-- Source: api.closed_before. Feeds: the writer, before it inserts late events.
-- Keeps: an event that is inserted after its chunk was dropped would never be counted in the
-- aggregates. It gets an error of class 22, like any event that cannot be stored.
create function api.hold_raw_events(earliest timestamptz)
returns void
language plpgsql volatile
as $$
begin
    -- Any number of writers at once, but not with api.maintain_storage.
    perform pg_advisory_xact_lock_shared(hashtextextended('groundswell retention', 0));
    if earliest < api.closed_before() then
        raise exception using
            errcode = 'datetime_field_overflow',
            message = format(
                'occurredAt is before %s, up to which events have been dropped',
                (api.closed_before() at time zone 'UTC')::date
            );
    end if;
end;
$$;

comment on function api.hold_raw_events(timestamptz) is
    'Holds off retention until the end of the transaction; raises an error where events as old as '
    'that have been dropped. '
    'Stable.';
grant execute on function api.hold_raw_events(timestamptz) to groundswell_service;
