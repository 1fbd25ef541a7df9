-- The query of what one level says of its pieces of time; $1 is the edges of buckets, $2 items.
-- Source: agg.*, api.event for what no level has, core.item, api.pieces_condition.
-- Feeds: api.engagement_sums.
-- Keeps: one row for each of the level, with the number of its bucket. `condition` is what is asked
-- of the rows (part), and where it `asks_item` of core.item (api.item_condition), too.
create function api.engagement_part(
    level text,
    pieces tstzmultirange,
    split_by text,
    dimension core.dimension,
    condition text,
    asks_item boolean
)
returns text
language sql stable
begin atomic
select format(
    $query$
    select
        width_bucket(part.bucket, $1) as place,
        %1$s as item_id,
        %2$s as subject,
        1::bigint as entries, part.views, part.likes, part.comments, part.shares, part.watch_seconds
    from %3$s as part
    %4$s
    where %5$s %6$s
    $query$,
    case engagement_part.split_by when 'item' then 'part.item_id' else 'null::bigint' end,
    case
        when engagement_part.split_by = 'category' then 'item.category'
        when engagement_part.split_by = 'contentType' then 'item.content_type'
        when engagement_part.split_by = 'creator' then 'item.creator'
        when engagement_part.split_by ~ '^metadata[.]' then 'part.value'
        else 'null::text'
    end,
    case
        when engagement_part.level <> 'event' then format('agg.%I', engagement_part.level)
        else format(
            $raw$
            (
                select
                    event.occurred_at as bucket, event.item_id, %s as value,
                    one.views, one.likes, one.comments, one.shares, one.watch_seconds
                from api.event
                cross join lateral
                    api.event_counts(event.event_type, event.count, event.seconds) as one
                where event.counted
            )
            $raw$,
            api.dimension_value(
                (engagement_part.dimension).key, (engagement_part.dimension).names
            )
        )
    end,
    case
        when
            engagement_part.split_by in ('category', 'contentType', 'creator')
            or engagement_part.asks_item
            then 'inner join core.item on part.item_id = item.item_id'
    end,
    api.pieces_condition(engagement_part.pieces),
    'and ' || nullif(engagement_part.condition, '')
);
end;

comment on function api.engagement_part(
    text, tstzmultirange, text, core.dimension, text, boolean
) is 'The rows of a level, or of the events, that a sum over buckets needs, as SQL.';
grant execute on function api.engagement_part(
    text, tstzmultirange, text, core.dimension, text, boolean
) to groundswell_service, groundswell_read;
