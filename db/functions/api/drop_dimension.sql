-- Count the events by a key of their metadata no more, and forget what was counted.
-- Source: groundswell dimensions drop, the DBA. Feeds: core.dimension, core.aggregate_level,
-- core.storage_policy, core.known_chunk.
-- Keeps: its chunks are not taken for lost ones (api.lost_chunks): nothing misses them.
create procedure api.drop_dimension(key text)
language plpgsql
security definer
set search_path = pg_catalog, public
as $$
declare
    levels constant text [] := array[
        format('site_by_%s_15m', replace(key, '.', '__')),
        format('dimension_%s_15m', replace(key, '.', '__'))
    ];
    level text;
begin
    delete from core.dimension as known where known.key = drop_dimension.key;
    if not found then
        raise exception using
            errcode = 'check_violation', message = format('no dimension %s is declared', key);
    end if;
    delete from core.aggregate_level as known where known.name = any(levels);
    delete from core.storage_policy as policy where policy.level = any(levels);
    delete from core.known_chunk as known where known.level = any(levels);
    foreach level in array levels loop
        execute format('drop materialized view agg.%I', level);
    end loop;
end;
$$;

comment on procedure api.drop_dimension (text) is
    'Drops a dimension and its aggregates. '
    'Stable.';
revoke execute on procedure api.drop_dimension(text) from public;
grant execute on procedure api.drop_dimension(text) to groundswell_service;
