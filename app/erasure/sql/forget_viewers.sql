-- Take the hashes of a user and its sessions out of all sets of viewers.
select api.forget_viewers(%(viewers)s::bigint[], %(salt)s::bigint, %(purges)s::boolean);
