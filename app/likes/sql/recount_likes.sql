-- Compare the like counts of the next items with the likes; how many were wrong.
select api.recount_likes(%(calls)s::integer) as mended;
