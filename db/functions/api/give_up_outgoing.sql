-- Give up what has waited too long to be published, or is too much.
-- Source: core.sink. Feeds: core.outgoing, api.maintain_storage, api.sink_status.
-- Keeps: the newest go on waiting, and what is given up is counted. Nothing is looked at while the
-- sink is off.
create function api.give_up_outgoing(as_of timestamptz)
returns bigint
language plpgsql volatile
as $$
declare
    gone bigint;
begin
    with bounds as (
        select
            give_up_outgoing.as_of - sink.keep_for as noted_before,
            sink.most_waiting
        from core.sink as sink
        where sink.stream = 'event' and sink.since is not null
    ),
    waiting as (
        select
            queued.lane,
            queued.outgoing_id,
            queued.noted_at,
            bounds.noted_before,
            bounds.most_waiting,
            sum(queued.events) over (
                order by queued.noted_at desc, queued.lane, queued.outgoing_id desc
            ) as newer
        from core.outgoing as queued
        cross join bounds
    ),
    dropped as (
        delete from core.outgoing as queued
        using waiting
        where
            queued.lane = waiting.lane
            and queued.outgoing_id = waiting.outgoing_id
            and (waiting.noted_at < waiting.noted_before or waiting.newer > waiting.most_waiting)
        returning queued.events
    )
    select coalesce(sum(dropped.events), 0) into gone from dropped;
    if gone > 0 then
        update core.sink set given_up = given_up + gone where stream = 'event';
    end if;
    return gone;
end;
$$;

comment on function api.give_up_outgoing(timestamptz) is
    'Deletes from core.outgoing what core.sink keeps no longer, and answers how many events.';
grant execute on function api.give_up_outgoing(timestamptz) to groundswell_service;
