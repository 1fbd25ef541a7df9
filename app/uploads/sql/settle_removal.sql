-- Note that the object of a dropped upload is gone.
select api.settle_removal(%(upload_id)s::uuid, %(as_of)s::timestamptz)
