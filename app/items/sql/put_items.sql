-- Create or complete catalogue entries.
select api.put_items(%(items)s::jsonb) as written
