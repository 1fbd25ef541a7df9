-- Let events that the brokers did not take be published once more.
-- Source: core.unpublished, by hand. Feeds: core.outgoing.
-- Keeps: while the sink is off, all stay where they are.
create function api.retry_unpublished(as_of timestamptz default now())
returns bigint
language sql volatile
begin atomic
with taken as (
    delete from core.unpublished
    where
        exists (
            select from core.sink as sink
            where sink.stream = 'event' and sink.since is not null
        )
    returning event_id, occurred_at, item_id
),

queued as (
    insert into core.outgoing (lane, noted_at, events, since, until, event_ids)
    select
        (taken.item_id % 4)::smallint,
        retry_unpublished.as_of,
        1,
        taken.occurred_at as since,
        taken.occurred_at as until,
        array[taken.event_id]
    from taken
    order by taken.occurred_at, taken.event_id
    returning events
)

select coalesce(sum(queued.events), 0) from queued;
end;

comment on function api.retry_unpublished(timestamptz) is
    'Moves all of core.unpublished to what is to be published, and answers how many they were.';
grant execute on function api.retry_unpublished(timestamptz) to groundswell_service;
