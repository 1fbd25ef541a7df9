-- One subscription of an owner (null: anybody's).
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
    subscription_id = %(subscription_id)s::bigint
    and (
        %(owner_key_id)s::bigint is null
        or owner_key_id = %(owner_key_id)s::bigint
    );
