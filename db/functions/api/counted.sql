-- The counts of an aggregate's buckets in some stretches of time, also where it is not refreshed.
-- Source: agg.*, api.unrefreshed; the level below, where that tells of changes, or api.event.
-- Feeds: api.engagement_1m, api.engagement_15m, api.engagement_1d.
-- Keeps: equals the counted events of the statement's snapshot. An aggregate is read below the
-- watermark of that snapshot only: a query in a function may be planned with a later one, and would
-- read events since then from neither side. A function that runs its text, so that whoever reads a
-- view pays for planning it only where there is something to count.
create function api.counted(level text, stretches tstzmultirange)
returns table (
    bucket timestamptz, item_id bigint, views bigint, likes bigint, comments bigint, shares bigint,
    watch_seconds double precision
)
language plpgsql stable
set jit = off
as $$
#variable_conflict use_column
declare
    again constant tstzmultirange := stretches * api.unrefreshed(level, with_newest => true);
    made core.aggregate_level;
begin
    if not isempty(stretches - again) then
        -- Not pulled up into the join, which would read all of the aggregate.
        return query execute format(
            'select found.* from unnest($1) as stretch (moments) cross join lateral ('
            'select made.* from agg.%I as made where made.bucket >= lower(stretch.moments) '
            'and made.bucket < upper(stretch.moments) offset 0) as found',
            level
        ) using stretches - again;
    end if;
    if not isempty(again) then
        select known.* into strict made from core.aggregate_level as known where known.name = level;
        return query execute format(
            'select part.bucket, part.item_id, sum(part.views)::bigint, sum(part.likes)::bigint, '
            'sum(part.comments)::bigint, sum(part.shares)::bigint, sum(part.watch_seconds) '
            'from (select time_bucket(%L::interval, finer.at) as bucket, finer.* from %s) as part '
            'group by part.bucket, part.item_id',
            made.bucket,
            case
                when made.source = 'event' then
                    '(select event.occurred_at as at, event.item_id, one.* '
                    'from unnest($1) as stretch (moments) '
                    'inner join api.event on event.occurred_at >= lower(stretch.moments) '
                    'and event.occurred_at < coalesce(upper(stretch.moments), ''infinity'') '
                    'cross join lateral '
                    'api.event_counts(event.event_type, event.count, event.seconds) as one '
                    'where event.counted) as finer'
                else
                    format(
                        'api.counted(%L, $1) as finer (at, item_id, views, likes, comments, '
                        'shares, watch_seconds)',
                        made.source
                    )
            end
        ) using again;
    end if;
end;
$$;

comment on function api.counted(text, tstzmultirange) is
    'What an aggregate of agg holds in some stretches, whole buckets, once it is refreshed.';
grant execute on function api.counted(text, tstzmultirange)
to groundswell_service, groundswell_read;
