-- What buckets of time add up to, of the items that are asked for, together or apart.
-- Source: api.level_pieces, agg.engagement_1m, agg.engagement_15m, agg.engagement_1d, agg.site_1m,
-- agg.site_15m, agg.site_1d, api.event, core.item.
-- Feeds: GET /analytics/series, GET /analytics/totals, api.engagement_breakdown.
-- Keeps: each counted event between the first and the last edge counts in one bucket, that of its
-- occurred_at, from the moment that it is committed. `wanted` says of which items: see
-- api.item_condition. `split_by` is item, category, contentType or creator, as they are now, or
-- metadata. and a key of core.dimension; null tells nothing apart. Rows only where there is something.
create function api.engagement_sums(
    edges timestamptz [], wanted jsonb default '{}', split_by text default null
)
returns table (
    place integer,
    item_id bigint,
    subject text,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    watch_seconds double precision
)
language plpgsql stable
set jit = off
as $$
declare
    condition constant text := api.item_condition(wanted);
    dimension core.dimension;
    scope text := case when condition is null and split_by is null then 'site' else 'engagement' end;
    subject text;
    -- Where so few items are asked for, their rows are read by an index.
    most constant integer := 5000;
    few bigint [];
    known record;
    query text;
begin
    if condition is not null then
        execute format(
            'select array(select item.item_id from core.item where %s limit %s)',
            condition, most + 1
        ) into few;
        few := case when cardinality(few) <= most then few end;
    end if;
    if split_by ~ '^metadata[.]' then
        select declared.* into dimension
        from core.dimension as declared
        where declared.key = substr(split_by, 10);
        if dimension.key is null or edges[1] < dimension.counted_since then
            raise exception using
                errcode = 'check_violation',
                message = case
                    when dimension.key is null then format('by: %L is no declared key', split_by)
                    else format(
                        'from: %s is counted from %s on', split_by,
                        to_char(
                            dimension.counted_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
                        )
                    )
                end;
        end if;
        scope := case when condition is null then 'site_by_' else 'dimension_' end || dimension.key;
    end if;
    subject := case split_by
        when 'category' then 'item.category'
        when 'contentType' then 'item.content_type'
        when 'creator' then 'item.creator'
        else case when dimension.key is null then 'null::text' else 'part.value' end
    end;
    for known in select * from api.level_pieces(scope, edges) loop
        query := concat_ws(' union all ', query, format(
            $query$
            select
                width_bucket(part.bucket, $1) as place,
                %1$s as item_id,
                %2$s as subject,
                part.views, part.likes, part.comments, part.shares, part.watch_seconds
            from %3$s as part
            %4$s
            where part.bucket >= %5$L and part.bucket < %6$L %7$s %8$s
            $query$,
            case split_by when 'item' then 'part.item_id' else 'null::bigint' end,
            subject,
            case known.level
                when 'event' then format($raw$
                (
                    select
                        event.occurred_at as bucket, event.item_id, %s as value,
                        one.views, one.likes, one.comments, one.shares, one.watch_seconds
                    from api.event
                    cross join lateral
                        api.event_counts(event.event_type, event.count, event.seconds) as one
                    where event.counted
                )
                $raw$, api.dimension_value(dimension.key, dimension.names))
                else format('agg.%I', known.level)
            end,
            case
                when
                    split_by in ('category', 'contentType', 'creator')
                    or (condition is not null and few is null)
                    then 'inner join core.item on part.item_id = item.item_id'
            end,
            lower(known.pieces),
            upper(known.pieces),
            -- Of several pieces, as TimescaleDB knows no multiranges: after an odd number of ends.
            case
                when known.pieces <> tstzmultirange(range_merge(known.pieces)) then format(
                    'and width_bucket(part.bucket, %L::timestamptz []) %% 2 = 1',
                    array(
                        select piece_end.moment
                        from unnest(known.pieces) as piece
                        cross join lateral (
                            values (lower(piece)), (upper(piece))
                        ) as piece_end (moment)
                        order by piece_end.moment
                    )
                )
            end,
            case when few is not null then 'and part.item_id = any($2)' else 'and ' || condition end
        ));
    end loop;
    return query execute format(
        $query$
        select
            part.place, part.item_id, part.subject,
            sum(part.views)::bigint, sum(part.likes)::bigint, sum(part.comments)::bigint,
            sum(part.shares)::bigint, sum(part.watch_seconds)
        from (%s) as part
        group by part.place, part.item_id, part.subject
        $query$,
        query
    ) using edges, few;
end;
$$;

comment on function api.engagement_sums(timestamptz [], jsonb, text) is
    'Counts between each two neighbouring edges, by the number of the bucket, and by item, category, '
    'content type or creator.';
grant execute on function api.engagement_sums(timestamptz [], jsonb, text)
to groundswell_service, groundswell_read;
