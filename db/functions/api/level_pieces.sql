-- Which level of aggregates says what, so that buckets are summed from the fewest rows.
-- Source: api.stale_ranges, api.dropped_before.
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
    kept_since timestamptz;
begin
    for known in
        select
            width.name,
            width.bucket,
            stale.stale
        from core.aggregate_level as width
        left join api.stale_ranges(edges[1], edges[cardinality(edges)]) as stale
            on width.name = stale.level
        where width.name ~ ('^' || scope || '_[0-9]+[a-z]+$')
        order by width.bucket desc
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
        pieces := coalesce(rest * whole, '{}') - coalesce(known.stale, '{}');
        continue when isempty(pieces);
        kept_since := api.dropped_before(known.name);
        if lower(pieces) < kept_since then
            raise exception using
                errcode = 'check_violation',
                message = format(
                    'from: buckets of %s are not kept of before %s: begin there or later, or at '
                    'the edge of a longer one',
                    to_char(known.bucket, 'FMDDD "days" FMHH24 "hours" FMMI "minutes"'),
                    to_char(kept_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                );
        end if;
        level := known.name;
        rest := rest - pieces;
        return next;
    end loop;
    if not isempty(rest) then
        kept_since := api.dropped_before('event');
        if lower(rest) < kept_since then
            raise exception using
                errcode = 'check_violation',
                message = format(
                    'from: moments within a minute are not kept of before %s',
                    to_char(kept_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                );
        end if;
        level := 'event';
        pieces := rest;
        return next;
    end if;
end;
$$;

comment on function api.level_pieces(text, timestamptz[]) is
    'Levels of engagement or site, and the stretches of time that each is to be summed over.';
grant execute on function api.level_pieces(text, timestamptz[])
to groundswell_service, groundswell_read;
