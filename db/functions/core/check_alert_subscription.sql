-- Refuse an alert subscription that makes no sense, and one too many of an owner.
-- Source: core.alert_subscription, core.ranking, core.item, core.alert_policy.
-- Feeds: trigger alert_subscription_sensible.
create or replace function core.check_alert_subscription()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
declare
    ranking core.ranking;
    item core.item;
    fault text;
begin
    select known.* into ranking from core.ranking as known where known.ranking_id = new.ranking_id;
    select known.* into item from core.item as known where known.item_id = new.item_id;
    fault := case
        when char_length(new.name) not between 1 and 200 then 'name: use 1 to 200 characters'
        when new.cooldown not between interval '0 seconds' and interval '30 days' then
            'cooldown: use 0 seconds to 30 days'
        when char_length(new.url) > 2000 then 'url: use at most 2000 characters'
        when new.url ~* '^[a-z]+:/*[^/?#]*@' then 'url: leave user names and passwords out'
        when new.url !~* '^https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?([/?][!-~]*)?$'
            or substring(new.url from '^[^:]+://(?:\[[^]]*\]|[^[/?:]*):([0-9]+)')::integer
                not between 1 and 65535
        then 'url: use http:// or https://, a host and a path, such as '
            || 'https://hooks.example.org/alerts'
        -- What follows never changes in a row, but the ranking may.
        when tg_op = 'UPDATE' then null
        when ranking.ranking_id is null and new.condition_type <> 'passes_count' then
            'ranking: missing'
        when new.condition_type = 'enters_top'
            and coalesce(new.top_n not between 1 and ranking.size, true)
        then format(
            'condition.n: use 1 to %s, the places that ranking %s has', ranking.size, ranking.name
        )
        when new.condition_type = 'breaks_out' and ranking.formula <> 'breakout' then format(
            'condition.type: breaksOut needs a ranking with formula breakout; %s has %s',
            ranking.name, ranking.formula
        )
        when new.condition_type = 'breaks_out'
            and coalesce(new.min_score not between 0 and 1000000000, true)
        then 'condition.score: use 0 to 1000000000'
        when new.condition_type = 'passes_count'
            and coalesce(new.metric not in ('views', 'likes', 'comments', 'shares'), true)
        then 'condition.metric: use one of views, likes, comments, shares'
        when new.condition_type = 'passes_count'
            and coalesce(new.threshold not between 1 and 1000000000000000, true)
        then 'condition.count: use 1 to 1000000000000000'
        when new.condition_type = 'passes_count' and ranking.subject <> 'item' then format(
            'ranking: %s ranks by %s; passesCount counts items', ranking.name, ranking.subject
        )
        when ranking.content_type <> item.content_type then format(
            'contentType: ranking %s is of %s only', ranking.name, ranking.content_type
        )
    end;
    if fault is not null then
        raise exception using
            errcode = 'check_violation',
            message = fault,
            constraint = 'alert_subscription_sensible',
            schema = 'core',
            table = 'alert_subscription';
    end if;

    if tg_op = 'INSERT' then
        -- One at a time for each owner: two at once could both find room for one more.
        perform pg_advisory_xact_lock(
            hashtextextended('groundswell alerts of ' || coalesce(new.owner_key_id, 0), 0)
        );
        if (
            select count(*)
            from core.alert_subscription as kept
            where kept.owner_key_id is not distinct from new.owner_key_id
        ) >= (select policy.max_subscriptions from core.alert_policy as policy) then
            raise exception using
                errcode = 'program_limit_exceeded',
                message = 'this key has as many alert subscriptions as it may',
                constraint = 'alert_subscription_limited',
                schema = 'core',
                table = 'alert_subscription';
        end if;
    end if;
    return new;
end;
$$;

comment on function core.check_alert_subscription() is
    'Raises check_violation, naming the field and the fault, for a subscription that makes no '
    'sense, and program_limit_exceeded for one too many.';

create or replace trigger alert_subscription_sensible
before insert or update on core.alert_subscription
for each row execute function core.check_alert_subscription();
