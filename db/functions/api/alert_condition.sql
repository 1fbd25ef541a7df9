-- The condition of an alert subscription, as POST /alerts takes it.
-- Source: core.alert_subscription. Feeds: api.alert_overview, api.raised_alert.
create function api.alert_condition(subscription core.alert_subscription)
returns jsonb
language sql immutable parallel safe
return case (subscription).condition_type
    when 'enters_top' then jsonb_build_object('type', 'entersTop', 'n', (subscription).top_n)
    when 'breaks_out' then jsonb_build_object(
        'type', 'breaksOut', 'score', (subscription).min_score
    )
    when 'passes_count' then jsonb_build_object(
        'type', 'passesCount',
        'metric', (subscription).metric,
        'count', (subscription).threshold
    )
end;

comment on function api.alert_condition(core.alert_subscription) is
    'A condition as an object with its type.';
grant execute on function api.alert_condition(core.alert_subscription)
to groundswell_service, groundswell_read;
