-- An upload as it is now; of that owner, where one is named.
select
    upload.state,
    upload.entry ->> 'contentType' as content_type,
    upload.entry ->> 'contentId' as content_id,
    upload.object_key,
    upload.size_bytes,
    upload.digest,
    upload.media_type,
    upload.finalized_at
from core.upload as upload
where
    upload.upload_id = %(upload_id)s::uuid
    and upload.owner = coalesce(%(owner)s::text, upload.owner)
