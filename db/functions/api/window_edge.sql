-- How far a window gets in one slice of its way.
-- Source: core.event, api.dropped_minutes for what is gone. Feeds: api.move_windows.
-- Keeps: of one moment all events are passed together. Looks into a quarter of an hour first, and
-- then into four times as much each time: chunks in the columnstore have no order by time, and what
-- is not looked into need not be unpacked for it.
create function api.window_edge(
    held timestamptz, wanted timestamptz, as_of timestamptz, at_most integer
)
returns timestamptz
language plpgsql stable
set jit = off
as $$
declare
    raw_since constant timestamptz := api.raw_since();
    goes_back constant boolean := wanted < held;
    -- A window that begins anew has nothing, not even of clocks that run ahead.
    anchor constant timestamptz := least(held, as_of);
    span interval := interval '15 minutes';
    far timestamptz;
    edge timestamptz;
begin
    loop
        far := case
            when goes_back then greatest(anchor - span, wanted)
            else least(anchor + span, wanted)
        end;
        -- What is so near is what every minute has.
        exit when far = wanted and span = interval '15 minutes';
        if goes_back then
            select passed.at - interval '1 microsecond' into edge
            from (
                select event.occurred_at as at
                from core.event as event
                where
                    event.occurred_at > far
                    and event.occurred_at <= held
                    and event.occurred_at >= raw_since
                union all
                select minute.at
                from api.dropped_minutes(far, held, raw_since) as minute
            ) as passed
            order by passed.at desc
            limit 1 offset at_most - 1;
        else
            select passed.at into edge
            from (
                select event.occurred_at as at
                from core.event as event
                where
                    event.occurred_at > held
                    and event.occurred_at <= far
                    and event.occurred_at >= raw_since
                union all
                select minute.at
                from api.dropped_minutes(held, far, raw_since) as minute
            ) as passed
            order by passed.at
            limit 1 offset at_most - 1;
        end if;
        exit when edge is not null or far = wanted;
        span := 4 * span;
    end loop;
    return coalesce(edge, wanted);
end;
$$;

comment on function api.window_edge(timestamptz, timestamptz, timestamptz, integer) is
    'Where a window begins that has begun after held, is wanted to begin after wanted, and passes '
    'about at_most events at once.';
