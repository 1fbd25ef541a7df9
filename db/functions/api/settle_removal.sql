-- Note that the object of a dropped upload is gone from the store.
-- Source: the remover (app/uploads/remover.py). Feeds: core.upload.
-- Keeps: an upload that began while its address held may end long after, and bring the object back;
-- so it is due once more a day after the address ran out, and forgotten then.
create function api.settle_removal(upload_id uuid, as_of timestamptz)
returns void
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
delete from core.upload as known
where
    known.upload_id = settle_removal.upload_id
    and known.state = 'dropped'
    and known.expires_at <= settle_removal.as_of - interval '1 day';

update core.upload as known
set remove_at = known.expires_at + interval '1 day'
where
    known.upload_id = settle_removal.upload_id
    and known.state = 'dropped'
    and known.expires_at > settle_removal.as_of - interval '1 day';
end;

comment on function api.settle_removal(uuid, timestamptz) is
    'Deletes a dropped upload whose object is gone; within a day of its address it is due again.';
revoke execute on function api.settle_removal(uuid, timestamptz) from public;
grant execute on function api.settle_removal(uuid, timestamptz) to groundswell_service;
