-- Put a day or a month in line to be rebuilt from raw events.
select
    api.request_recompute(
        %(period)s::text, %(day)s::date, %(zone)s::text, %(who)s::text, now()
    ) as recompute_id;
