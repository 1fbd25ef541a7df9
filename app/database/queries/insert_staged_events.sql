-- Insert the staged events that are not known yet, and tell scoring of exactly those.
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
        metadata
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
        staged.metadata
    from staged_event as staged
    order by staged.occurred_at, staged.event_id
    on conflict do nothing
    returning item_id, least(occurred_at, received_at) as counts_at, event_type, count, seconds
)

insert into core.score_feed (item_id, occurred_at, event_type, count, seconds)
select
    inserted.item_id,
    inserted.counts_at,
    inserted.event_type,
    inserted.count,
    inserted.seconds
from inserted
