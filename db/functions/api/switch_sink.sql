-- Switch on or off what is published to Kafka.
-- Source: groundswell publish. Feeds: core.sink, core.outgoing, core.sink_ranking.
-- Keeps: it begins with the transactions that begin after it, and with whole lists; switched off,
-- nothing waits, and what waited is not published later. Switched on twice, it goes on.
create function api.switch_sink(stream text, to_on boolean, as_of timestamptz)
returns bigint
language plpgsql volatile
as $$
declare
    dropped bigint := 0;
begin
    -- One at a time: whoever comes second finds it done.
    perform from core.sink as sink where sink.stream = switch_sink.stream for update;
    if (select sink.since is not null from core.sink as sink where sink.stream = switch_sink.stream)
        = to_on
    then
        return 0;
    end if;
    update core.sink as sink
    set since = case when to_on then switch_sink.as_of end, given_up = 0
    where sink.stream = switch_sink.stream;
    if switch_sink.stream = 'ranking' then
        delete from core.sink_ranking;
        return 0;
    end if;
    delete from core.unpublished;
    with gone as (delete from core.outgoing as queued returning queued.events)
    select coalesce(sum(gone.events), 0) into dropped from gone;
    return dropped;
end;
$$;

comment on function api.switch_sink(text, boolean, timestamptz) is
    'Switches event or ranking on or off in core.sink; answers how many events waited and are not '
    'published any more.';
grant execute on function api.switch_sink(text, boolean, timestamptz) to groundswell_service;
