-- What each top list is: the enabled rankings of formula top_count, with what they were last
-- changed by: where their windows begin, and who is excluded.
select
    known.name as ranking,
    known."window",
    api.ranking_option(known, 'metric') as metric,
    known.subject,
    known.content_type,
    known.size,
    date_part('epoch', known.redis_ttl)::integer as redis_seconds,
    nullif(position.since, '-infinity') as since,
    exclusion.changed_at as excluded_at,
    exists (
        select 1
        from api.rules_in_force(known, statement_timestamp())
    ) as is_edited
from core.ranking as known
inner join core.window_position as position on known."window" = position."window"
cross join (
    select max(greatest(excluded.excluded_at, excluded.lifted_at)) as changed_at
    from core.item_exclusion as excluded
) as exclusion
where known.enabled and known.formula = 'top_count'
order by known.name;
