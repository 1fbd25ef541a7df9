-- Where an item stands in every ranking; a row of nulls where there is none, no row for an unknown
-- item.
select
    place.ranking,
    place.rank,
    place.previous_rank,
    place.score,
    place.listed,
    place.as_of,
    place.past_moments,
    place.past_ranks
from core.item as item
left join
    lateral api.item_places(item.item_id, %(reach)s::interval) as place on true
where
    item.content_type = %(content_type)s::text
    and item.external_id = %(content_id)s::text
order by place.ranking;
