-- A page of the most active users; no row where users are not counted.
select
    listed.readers,
    statement_timestamp() as as_of,
    listed.since,
    listed.is_counted,
    listed.total,
    listed.user_ids,
    listed.counts
from api.top_users(
    %(window)s::text, %(skipped)s::integer, %(most)s::integer, %(size)s::integer
) as listed;
