-- Forget a dropped upload whose object is gone from the store.
-- Source: the remover (app/uploads/remover.py). Feeds: core.upload.
create function api.forget_upload(upload_id uuid)
returns void
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
delete from core.upload as known
where known.upload_id = forget_upload.upload_id and known.state = 'dropped';
end;

comment on function api.forget_upload(uuid) is 'Deletes a dropped upload.';
revoke execute on function api.forget_upload(uuid) from public;
grant execute on function api.forget_upload(uuid) to groundswell_service;
