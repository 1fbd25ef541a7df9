-- Finalise an upload and write its item, where nobody has begun since.
select api.finalize_upload(
    %(upload_id)s::uuid, %(fence)s::bigint, %(as_of)s::timestamptz
) as is_won
