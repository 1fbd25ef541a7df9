-- Refresh an aggregate between two moments, and what is summed of it by category.
-- Source: api.refresh_aggregates, api.rebuild_day, the DBA. Feeds: agg.*, core.category_count.
-- Keeps: those of an aggregate with items are summed anew with the refresh of the site's, which is
-- told of whatever has changed in the former: forgotten, and committed so, before it, and counted
-- after it.
create procedure api.refresh_level(
    level text, begins timestamptz, ends timestamptz, forced boolean default false
)
language plpgsql
as $$
declare
    categorised constant text := (
        select known.level
        from core.aggregate_level as width
        inner join core.category_level as known on width.source = known.level
        where width.name = refresh_level.level and width.name like 'site\_%'
    );
begin
    if categorised is not null then
        perform api.forget_categories(categorised, begins, ends);
        commit;
    end if;
    -- In one batch: several would be cut from what was known to have changed at the refresh
    -- before, and what came in late since would wait for the next one.
    call refresh_continuous_aggregate(
        format('agg.%I', level)::regclass,
        begins,
        ends,
        force => forced,
        options => '{"buckets_per_batch": 0}'
    );
    if categorised is not null then
        perform api.count_categories(categorised, begins, ends);
        commit;
    end if;
end;
$$;

comment on procedure api.refresh_level (text, timestamptz, timestamptz, boolean) is
    'Does what refresh_continuous_aggregate does for an aggregate of agg, by its name there; '
    'commits.';
