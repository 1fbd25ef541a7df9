-- Insert the staged events that are not known yet, tell scoring of exactly those that count, note
-- them all to be published where that is wanted, and return the others: those that were known.
with inserted as (
    insert into core.event (
        event_id,
        occurred_at,
        received_at,
        item_id,
        event_type,
        count,
        seconds,
        user_id,
        session_id,
        metadata,
        counted,
        uncounted_because,
        viewer
    )
    select
        staged.event_id,
        staged.occurred_at,
        staged.received_at,
        staged.item_id,
        staged.event_type,
        staged.count,
        staged.seconds,
        staged.user_id,
        staged.session_id,
        staged.metadata,
        staged.counted,
        staged.uncounted_because,
        staged.viewer
    from staged_event as staged
    order by staged.occurred_at, staged.event_id
    on conflict do nothing
    returning
        event_id, occurred_at, received_at, item_id, event_type, count, seconds, counted, viewer,
        user_id
),

fed as (
    insert into core.score_feed (
        item_id, occurred_at, event_type, count, seconds, viewer, user_id
    )
    select
        inserted.item_id,
        inserted.occurred_at,
        inserted.event_type,
        inserted.count,
        inserted.seconds,
        inserted.viewer,
        inserted.user_id
    from inserted
    where inserted.counted
),

noted as (
    insert into core.outgoing (lane, noted_at, events, since, until, event_ids)
    select
        (inserted.item_id %% 4)::smallint,
        clock_timestamp(),
        count(*)::integer,
        min(inserted.occurred_at),
        max(inserted.occurred_at),
        array_agg(inserted.event_id order by inserted.occurred_at, inserted.event_id)
    from inserted
    where
        %(publishes)s::boolean
        and exists (
            select from core.sink as sink
            where sink.stream = 'event' and sink.since is not null
        )
    group by inserted.item_id %% 4
)

select staged.event_id
from staged_event as staged
where
    not exists (
        select from inserted
        where
            inserted.event_id = staged.event_id
            and inserted.occurred_at = staged.occurred_at
    )
