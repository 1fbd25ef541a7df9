-- Subscriptions of an owner (null: everybody's) after an id.
select
    subscription_id,
    owner,
    name,
    ranking,
    content_id,
    content_type,
    condition,
    cooldown,
    url,
    status,
    disabled_because,
    created_at
from api.alert_overview
where
    subscription_id > %(after)s::bigint
    and (
        %(owner_key_id)s::bigint is null
        or owner_key_id = %(owner_key_id)s::bigint
    )
order by subscription_id
limit %(limit)s::integer;
