-- Sum by category what an aggregate has and nobody has summed, or not as it is now.
-- Source: api.refresh_aggregates. Feeds: core.category_count, core.category_level.
-- Keeps: what api.refresh_level forgets before it refreshes an aggregate with items comes back
-- where the site's has found nothing to do: nothing changed, or somebody else had refreshed it.
create function api.mend_categories(as_of timestamptz)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    known record;
    missing tstzmultirange;
    stretch tstzrange;
begin
    for known in
        select
            level.level,
            site.name as site,
            tstzmultirange(tstzrange(kept.since, time_bucket(site.bucket, as_of))) as pieces
        from core.category_level as level
        inner join core.aggregate_level as site
            on level.level = site.source and site.name ~ '^site_[0-9]+[a-z]+$'
        cross join lateral (
            select greatest(
                api.dropped_before(level.level),
                time_bucket(interval '1 day', as_of - level.keep_for)
            ) as since
        ) as kept
        where kept.since < time_bucket(site.bucket, as_of)
    loop
        missing := (
            select known.pieces - coalesce(stale.stale, '{}')
            from (values (known.site)) as site (name)
            left join api.stale_ranges(lower(known.pieces), upper(known.pieces)) as stale
                on site.name = stale.level
        ) - api.category_moments(known.level, known.pieces);
        for stretch in select unnest(missing) loop
            perform api.forget_categories(known.level, lower(stretch), upper(stretch));
            perform api.count_categories(known.level, lower(stretch), upper(stretch));
        end loop;
    end loop;
end;
$$;

comment on function api.mend_categories(timestamptz) is
    'Fills core.category_count where it is not what an aggregate says.';
