-- Change an alert subscription: its name, webhook, cooldown, or whether it is paused.
-- Source: PATCH /alerts/{id}. Feeds: core.alert_subscription.
-- Keeps: what the changes do not name stays; null is null. A webhook keeps its secret from url to
-- url; the first one gets new_secret. What a receiver asked for does not bind the next one.
create function api.change_alert(
    subscription_id bigint, owner_key_id bigint, changes jsonb, new_secret text
)
returns table (found_id bigint, secret text)
language sql volatile rows 1
begin atomic
update core.alert_subscription as changed
set
    name = case when changes ? 'name' then changes ->> 'name' else changed.name end,
    cooldown = case
        when changes ? 'cooldown'
            then make_interval(secs => (changes ->> 'cooldown')::double precision)
        else changed.cooldown
    end,
    url = case when changes ? 'url' then changes ->> 'url' else changed.url end,
    secret = case
        when not changes ? 'url' then changed.secret
        when changes ->> 'url' is not null then coalesce(changed.secret, new_secret)
    end,
    quiet_until = case when not changes ? 'url' then changed.quiet_until end,
    previous_secret = case
        when not changes ? 'url' or changes ->> 'url' is not null then changed.previous_secret
    end,
    status = coalesce(changes ->> 'status', changed.status),
    disabled_because = case when not changes ? 'status' then changed.disabled_because end
where
    changed.subscription_id = change_alert.subscription_id
    and (
        change_alert.owner_key_id is null
        or changed.owner_key_id = change_alert.owner_key_id
    )
returning
    changed.subscription_id,
    case when changed.secret = new_secret then new_secret end;
end;

comment on function api.change_alert(bigint, bigint, jsonb, text) is
    'Changes a subscription of an owner (null: anybody''s); answers its id, and the secret where '
    'it has just got one; no row where there is none.';
grant execute on function api.change_alert(bigint, bigint, jsonb, text) to groundswell_service;
