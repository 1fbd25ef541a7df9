-- What tells whether an answer still holds: the user's newest action, and whether an item has gone.
select
    (
        select event.event_id
        from core.event as event
        where event.user_id = %(user_id)s::text
        order by event.occurred_at desc, event.event_id desc
        limit 1
    ) as newest_event,
    exists(
        select 1
        from api.exclusion_in_force as excluded
        where excluded.item_id = any(%(item_ids)s::bigint[])
    ) as has_gone;
