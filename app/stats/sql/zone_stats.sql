-- Counts of some items today, this week and this month in a zone; no rows for unknown ones.
select
    each.content_id,
    each.content_type,
    array_agg(each."window" order by each."window") as windows,
    array_agg(each.views order by each."window") as views,
    array_agg(each.likes order by each."window") as likes,
    array_agg(each.comments order by each."window") as comments,
    array_agg(each.shares order by each."window") as shares,
    array_agg(each.watch_seconds order by each."window") as watch_seconds,
    array_agg(each.unique_viewers order by each."window") as unique_viewers
from api.zone_stats(
    %(content_types)s::text[],
    %(content_ids)s::text[],
    %(as_of)s::timestamptz[],
    %(zone)s::text
) as each
group by each.item_id, each.content_id, each.content_type;
