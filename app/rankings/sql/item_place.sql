-- Where the newest run of a ranking has put an item; no row for an unknown item.
select
    entry.rank,
    entry.previous_rank,
    excluded.reason as excluded_because
from core.item as item
left join api.ranking_entry as entry
    on
        entry.run_id = %(run_id)s::bigint
        and entry.segment = ''
        and item.content_type = entry.content_type
        and item.external_id = entry.content_id
left join api.exclusion_in_force as excluded on item.item_id = excluded.item_id
where
    item.content_type = %(content_type)s::text
    and item.external_id = %(content_id)s::text;
