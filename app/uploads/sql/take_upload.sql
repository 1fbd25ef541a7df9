-- Begin to finalise an upload; null where it is not pending.
select api.take_upload(%(upload_id)s::uuid) as fence
