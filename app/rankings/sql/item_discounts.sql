-- What of an item's counts lists that fade leave out, and why.
select
    reason,
    actors,
    views,
    likes,
    comments,
    shares,
    watch_seconds
from api.item_discounts(
    %(content_type)s::text,
    %(content_id)s::text
)
order by reason;
