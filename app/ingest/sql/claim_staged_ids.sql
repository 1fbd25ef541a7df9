-- Claim the ids that callers gave; drop and return the staged events whose ids were claimed before.
with given as (
    select
        asked.event_id,
        asked.fingerprint
    from unnest(%(event_ids)s::uuid[], %(fingerprints)s::integer[]) as asked (
        event_id, fingerprint
    )
),

claimed as (
    insert into core.claimed_id (event_id, claimed_at, fingerprint)
    select
        given.event_id,
        staged.received_at,
        given.fingerprint
    from given
    inner join staged_event as staged on given.event_id = staged.event_id
    order by given.event_id
    on conflict do nothing
    returning event_id
)

delete from staged_event as staged
using given
where
    given.event_id = staged.event_id
    and not exists (
        select from claimed
        where claimed.event_id = staged.event_id
    )
returning staged.event_id
