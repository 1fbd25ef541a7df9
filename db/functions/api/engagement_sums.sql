-- What buckets of time add up to, of the items that are asked for, together or apart.
-- Source: api.level_pieces, api.engagement_part, api.category_part, core.dimension.
-- Feeds: GET /analytics/series, GET /analytics/totals, api.engagement_breakdown.
-- Keeps: each counted event between the first and the last edge counts in one bucket, that of its
-- occurred_at, from the moment that it is committed. `wanted` says of which items: see
-- api.item_condition. `split_by` is item, category, contentType or creator, as they are now, or
-- metadata. and a key of core.dimension; null tells nothing apart. Such a key, and which of its
-- values, `wanted` may name, too: {"metadata": {"key": "device", "in": ["phone"]}}. No rows where
-- there is nothing. Seconds are told to the microsecond: what float error leaves behind is none of
-- theirs.
create function api.engagement_sums(
    edges timestamptz[], wanted jsonb default '{}', split_by text default null
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
    is_by_value constant boolean := split_by ~ '^metadata[.]';
    key constant text := coalesce(substring(split_by from '^metadata[.](.*)'), wanted #>> '{metadata,key}');
    scope text := case when condition is null and split_by is null then 'site' else 'engagement' end;
    -- Where so few items are asked for, their rows are read by an index.
    most constant integer := 5000;
    few bigint [];
    -- What categories are summed of already, unless more items than that have changed theirs.
    is_categorised constant boolean := (split_by in ('category', 'contentType')
        or (split_by is null and condition is not null))
        and not exists (
            select from jsonb_object_keys(wanted) as asked (name)
            where asked.name not in ('category', 'contentType')
        )
        and (select count(*) from (select from core.recategorised limit most + 1) as waiting) <= most;
    known record;
    summed tstzmultirange;
    query text;
begin
    if condition is not null then
        execute format(
            'select array(select item.item_id from core.item where %s limit %s)',
            condition, most + 1
        ) into few;
        few := case when cardinality(few) <= most then few end;
    end if;
    if key is not null then
        dimension := api.known_dimension(key, edges[1], wanted -> 'metadata', is_by_value);
        scope := case
            when condition is null and (split_by is null or is_by_value) then 'site_by_'
            else 'dimension_'
        end || replace(key, '.', '__');
    end if;
    for known in select * from api.level_pieces(scope, edges) loop
        summed := case
            when is_categorised then api.category_moments(known.level, known.pieces)
        end;
        if isempty(summed) is false then
            query := concat_ws(
                ' union all ',
                query,
                api.category_part(known.level, summed, split_by, condition)
            );
            known.pieces := known.pieces - summed;
        end if;
        continue when isempty(known.pieces);
        query := concat_ws(
            ' union all ',
            query,
            api.engagement_part(
                known.level,
                known.pieces,
                split_by,
                dimension,
                -- Few items are named; all else is asked of them one by one.
                concat_ws(
                    ' and ',
                    case when few is null then condition else 'part.item_id = any($2)' end,
                    api.value_condition(wanted -> 'metadata')
                ),
                few is null and condition is not null
            )
        );
    end loop;
    if query is null then
        return;
    end if;
    return query execute format(
        $query$
        select
            part.place, part.item_id, part.subject,
            sum(part.views)::bigint, sum(part.likes)::bigint, sum(part.comments)::bigint,
            sum(part.shares)::bigint,
            round(sum(part.watch_seconds)::numeric, 6)::double precision
        from (%s) as part
        group by part.place, part.item_id, part.subject
        having sum(part.entries) > 0
        $query$,
        query
    ) using edges, few;
end;
$$;

comment on function api.engagement_sums(timestamptz[], jsonb, text) is
    'Counts between each two neighbouring edges, by the number of the bucket, and by item, '
    'category, content type, creator or dimension. '
    'Stable.';
grant execute on function api.engagement_sums(timestamptz[], jsonb, text)
to groundswell_service, groundswell_read;
