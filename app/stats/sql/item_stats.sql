-- Counts of some items in every window, and their hot scores; no rows for unknown ones.
select
    counted.content_id,
    counted.content_type,
    counted.windows,
    counted.views,
    counted.likes,
    counted.comments,
    counted.shares,
    counted.watch_seconds,
    counted.unique_viewers,
    counted.hour_since,
    counted.zone,
    hot.hot_score,
    hot.hot_rank,
    coalesce(hot.is_hot, false) as is_hot
from (
    select
        each.item_id,
        each.content_id,
        each.content_type,
        array_agg(each."window" order by each."window") as windows,
        array_agg(each.views order by each."window") as views,
        array_agg(each.likes order by each."window") as likes,
        array_agg(each.comments order by each."window") as comments,
        array_agg(each.shares order by each."window") as shares,
        array_agg(each.watch_seconds order by each."window") as watch_seconds,
        array_agg(each.unique_viewers order by each."window") as unique_viewers,
        max(each.since) filter (where each."window" = '1h') as hour_since,
        min(each.zone) as zone
    from api.stats_of_items(
        %(content_types)s::text[], %(content_ids)s::text[], %(as_of)s::timestamptz
    ) as each
    group by each.item_id, each.content_id, each.content_type
) as counted
left join core.item_hot as hot on counted.item_id = hot.item_id;
