-- Begin to finalise an upload, under the next number of its fence.
-- Source: POST /uploads/{id}/finalize. Feeds: core.upload, api.finalize_upload.
-- Keeps: who began before can end it no more. Null where it is not pending (any more).
create function api.take_upload(upload_id uuid)
returns bigint
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
update core.upload as known
set fence = known.fence + 1
where known.upload_id = take_upload.upload_id and known.state = 'pending'
returning known.fence;
end;

comment on function api.take_upload(uuid) is
    'Gives whoever begins to finalise an upload the number that ends it; null if it is not '
    'pending.';
revoke execute on function api.take_upload(uuid) from public;
grant execute on function api.take_upload(uuid) to groundswell_service;
