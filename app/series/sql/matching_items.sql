-- At most so many of the items that filters let through.
select api.matching_items(%(wanted)s::jsonb, %(most)s::integer) as item_ids;
