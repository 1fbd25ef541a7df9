-- Hold a valid key until the end of the transaction; nothing where it is unknown or revoked.
select key.key_id
from core.api_key as key
where key.key_id = %(key_id)s::bigint and key.revoked_at is null
for update
