-- Buckets whose categories do not add up to what the site comes to.
-- Source: core.category_count, the site's aggregates. Feeds: api.category_moments.
-- Keeps: core.category_count is found to be old also where TimescaleDB's log does not say so, as
-- the site's aggregate was refreshed without it (by hand, or by a policy). Seconds are sums of
-- floats, and differ by what those do.
create function api.uneven_categories(level text, pieces tstzmultirange)
returns tstzmultirange
language plpgsql stable
set jit = off
as $$
declare
    site core.aggregate_level;
    uneven tstzmultirange;
begin
    select width.* into strict site
    from core.aggregate_level as width
    where width.source = uneven_categories.level and width.name ~ '^site_[0-9]+[a-z]+$';
    execute format(
        $uneven$
        select range_agg(tstzrange(bucket.begins, bucket.begins + $1))
        from (
            select part.bucket as begins
            from (
                select
                    part.bucket, part.views, part.likes, part.comments, part.shares,
                    part.watch_seconds, part.watch_seconds as all_seconds
                from agg.%1$I as part
                where %2$s
                union all
                select
                    part.bucket, -part.views, -part.likes, -part.comments, -part.shares,
                    -part.watch_seconds, 0
                from core.category_count as part
                where part.level = %3$L and %2$s
            ) as part
            group by part.bucket
            having
                sum(part.views) <> 0 or sum(part.likes) <> 0 or sum(part.comments) <> 0
                or sum(part.shares) <> 0
                or abs(sum(part.watch_seconds)) > 1e-6 + 1e-11 * sum(part.all_seconds)
        ) as bucket
        $uneven$,
        site.name,
        api.pieces_condition(uneven_categories.pieces),
        uneven_categories.level
    ) into uneven using site.bucket;
    return coalesce(uneven, '{}');
end;
$$;

comment on function api.uneven_categories(text, tstzmultirange) is
    'In stretches of whole buckets, those that core.category_count says other sums of.';
grant execute on function api.uneven_categories(text, tstzmultirange)
to groundswell_service, groundswell_read;
