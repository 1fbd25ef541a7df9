-- Take dropped uploads whose objects are to be removed from the store.
-- Source: core.upload. Feeds: the remover (app/uploads/remover.py).
-- Keeps: one is claimed by one worker until the lease is over; and not before its address holds no
-- longer, for somebody might still put the object there.
create function api.claim_removals(as_of timestamptz, lease interval, capacity integer)
returns table (dropped_id uuid, dropped_key text)
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
update core.upload as known
set remove_at = claim_removals.as_of + claim_removals.lease
from (
    select due.upload_id
    from core.upload as due
    where
        due.state = 'dropped'
        and due.remove_at <= claim_removals.as_of
        and due.expires_at <= claim_removals.as_of
    order by due.remove_at
    limit claim_removals.capacity
    for update skip locked
) as claimed
where known.upload_id = claimed.upload_id
returning known.upload_id, known.object_key;
end;

comment on function api.claim_removals(timestamptz, interval, integer) is
    'Takes up to capacity dropped uploads for a lease, to remove their objects.';
revoke execute on function api.claim_removals(timestamptz, interval, integer) from public;
grant execute on function api.claim_removals(timestamptz, interval, integer)
to groundswell_service;
