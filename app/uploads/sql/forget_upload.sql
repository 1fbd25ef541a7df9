-- Forget a dropped upload whose object is gone.
select api.forget_upload(%(upload_id)s::uuid)
