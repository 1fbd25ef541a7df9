-- Change what is named of a subscription.
select
    found_id as subscription_id,
    secret
from api.change_alert(
    %(subscription_id)s::bigint,
    %(owner_key_id)s::bigint,
    %(changes)s::jsonb,
    %(new_secret)s::text
);
