-- Refresh an aggregate between two moments, and what is summed of it by category.
-- Source: api.refresh_aggregates, api.rebuild_day, the DBA. Feeds: agg.*, core.category_count.
-- Keeps: those of an aggregate with items are forgotten, and committed so, before its refresh and
-- before that of the site's, which is told of whatever has changed in the former, and counted after
-- the latter; api.mend_categories counts what that has left.
create procedure api.refresh_level(
    level text, begins timestamptz, ends timestamptz, forced boolean default false
)
language plpgsql
as $$
declare
    categorised constant text := (
        select known.level
        from core.aggregate_level as width
        inner join core.category_level as known
            on
                width.name = known.level
                or (width.source = known.level and width.name ~ '^site_[0-9]+[a-z]+$')
        where width.name = refresh_level.level
    );
begin
    if categorised is not null then
        perform api.forget_categories(
            categorised, coalesce(begins, '-infinity'), coalesce(ends, 'infinity')
        );
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
    -- Up to no moment is left to api.mend_categories: what is not whole is counted by nobody.
    if categorised <> level and ends is not null then
        perform api.count_categories(categorised, coalesce(begins, '-infinity'), ends);
        commit;
    end if;
end;
$$;

comment on procedure api.refresh_level (text, timestamptz, timestamptz, boolean) is
    'Does what refresh_continuous_aggregate does for an aggregate of agg, by its name there; '
    'commits.';
