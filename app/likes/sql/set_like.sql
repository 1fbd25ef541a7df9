-- Set, take back or, where wanted is null, toggle a like; no row where there is no such item, and
-- it is not to be registered, or for nothing.
select
    has_liked,
    likes,
    version,
    item_id,
    transaction_id
from api.set_like(
    %(user_id)s::text,
    %(content_type)s::text,
    %(content_id)s::text,
    %(wanted)s::boolean,
    %(registers)s::boolean,
    %(event_id)s::uuid,
    %(as_of)s::timestamptz
);
