-- Remove a subscription; a trigger removes what belongs to it.
delete from core.alert_subscription as kept
where
    kept.subscription_id = %(subscription_id)s::bigint
    and (
        %(owner_key_id)s::bigint is null
        or kept.owner_key_id = %(owner_key_id)s::bigint
    )
returning kept.subscription_id;
