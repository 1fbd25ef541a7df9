-- Replace the secret of a webhook; the one before signs along for a while.
update core.alert_subscription as kept
set
    secret = %(new_secret)s::text,
    previous_secret = kept.secret,
    previous_secret_until = %(previous_until)s::timestamptz
where
    kept.subscription_id = %(subscription_id)s::bigint
    and (
        %(owner_key_id)s::bigint is null
        or kept.owner_key_id = %(owner_key_id)s::bigint
    )
    and kept.url is not null
returning kept.subscription_id;
