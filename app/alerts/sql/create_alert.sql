-- Make a subscription.
select
    api.create_alert(
        %(owner_key_id)s::bigint,
        %(given)s::jsonb,
        %(secret)s::text,
        %(as_of)s::timestamptz
    ) as subscription_id;
