-- End an upload: it is finalised, and its item in the catalogue, or neither.
-- Source: POST /uploads/{id}/finalize. Feeds: core.upload, core.item.
-- Keeps: one completion wins, that of the last who began (api.take_upload), however long others
-- were held up in between: the row is locked by the statement that compares the numbers, before the
-- item is written. False where that was not this one.
create function api.finalize_upload(upload_id uuid, fence bigint, as_of timestamptz)
returns boolean
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
with won as (
    update core.upload as known
    set
        state = 'finalized',
        finalized_at = finalize_upload.as_of
    where
        known.upload_id = finalize_upload.upload_id
        and known.state = 'pending'
        and known.fence = finalize_upload.fence
    returning known.entry
)

select api.put_items(jsonb_build_array(won.entry))
from won;

update core.upload as known
set item_id = item.item_id
from core.item as item
where
    known.upload_id = finalize_upload.upload_id
    and known.state = 'finalized'
    and known.fence = finalize_upload.fence
    and known.item_id is null
    and item.content_type = known.entry ->> 'contentType'
    and item.external_id = known.entry ->> 'contentId';

select count(*) > 0
from core.upload as known
where
    known.upload_id = finalize_upload.upload_id
    and known.state = 'finalized'
    and known.fence = finalize_upload.fence;
end;

comment on function api.finalize_upload(uuid, bigint, timestamptz) is
    'Finalises an upload and writes its item in one transaction, for whoever has the last number '
    'of its fence; answers whether that was so.';
revoke execute on function api.finalize_upload(uuid, bigint, timestamptz) from public;
grant execute on function api.finalize_upload(uuid, bigint, timestamptz) to groundswell_service;
