-- Which level of aggregates says what, so that buckets are summed from the fewest rows.
-- Source: core.aggregate_level, api.stale_ranges, api.kept_since.
-- Feeds: api.engagement_sums.
-- Keeps: the pieces of all levels, and of the events where none will do, cover the buckets between
-- the edges exactly and only once. No piece of a level crosses an edge of a bucket, is stale, or
-- begins before what is kept of the level: for that it raises check_violation.
create function api.level_pieces(scope text, edges timestamptz[])
returns table (level text, pieces tstzmultirange)
language plpgsql stable
set jit = off
as $$
declare
    rest tstzmultirange := tstzmultirange(tstzrange(edges[1], edges[cardinality(edges)]));
    whole tstzmultirange;
    known record;
begin
    for known in
        select
            width.name,
            width.bucket,
            stale.stale,
            kept.since as kept_since
        from (
            select level.name, level.bucket from core.aggregate_level as level
            where level.name ~ ('^' || scope || '_[0-9]+[a-z]+$')
            union all
            select 'event', null
        ) as width
        left join api.kept_since() as kept on width.name = kept.level
        left join api.stale_ranges(edges[1], edges[cardinality(edges)]) as stale
            on width.name = stale.level
        order by width.bucket desc nulls last
    loop
        select range_agg(tstzrange(bucket.begins, bucket.ends)) into whole
        from (
            select
                time_bucket(
                    known.bucket, edge.begins + known.bucket - interval '1 microsecond'
                ) as begins,
                time_bucket(known.bucket, edge.ends) as ends
            from unnest(edges[:cardinality(edges) - 1], edges[2:]) as edge (begins, ends)
        ) as bucket
        where bucket.begins < bucket.ends;
        pieces := case known.name
            when 'event' then rest
            else coalesce(rest * whole, '{}') - coalesce(known.stale, '{}')
        end;
        continue when isempty(pieces);
        if lower(pieces) < known.kept_since then
            raise exception using
                errcode = 'check_violation',
                message = format(
                    case known.name
                        when 'event' then
                            'from: moments within a minute are kept from %2$s on: use whole '
                            'minutes before'
                        else
                            'from: counts of %1$s are kept from %2$s on: begin then or later, or '
                            'ask for whole days of UTC'
                    end,
                    substring(known.name from '[^_]+$'),
                    to_char(known.kept_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                );
        end if;
        level := known.name;
        rest := rest - pieces;
        return next;
    end loop;
end;
$$;

comment on function api.level_pieces(text, timestamptz[]) is
    'Levels of engagement or site, and the stretches of time that each is to be summed over.';
grant execute on function api.level_pieces(text, timestamptz[])
to groundswell_service, groundswell_read;
