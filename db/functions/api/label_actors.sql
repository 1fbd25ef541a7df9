-- Label actors and items that behave as nobody honest does, by the rules of core.label_rule.
-- Source: core.event of the hour before as_of, core.label_rule. Feeds: core.actor_label.
-- Keeps: precision first: each rule holds an actor against the site's own hour and asks for a least
-- number. What a person has lifted is not labelled again for that reason on that day. A label holds
-- the day (UTC) and, of who has a name, the month after it; an address is another one tomorrow.
create procedure api.label_actors(as_of timestamptz default now())
language plpgsql
as $$
declare
    ledger_id bigint;
    labelled bigint;
    today constant date := (as_of at time zone 'UTC')::date;
begin
    ledger_id := api.start_job('label_actors');
    if ledger_id is null then
        return;
    end if;
    commit;
    begin
        perform set_config('jit', 'off', true);
        with acted as (
            select
                event.viewer & 9223372036854775807 as viewer,
                event.item_id,
                event.occurred_at as at,
                event.event_type,
                event.count,
                event.user_id is not null as has_user,
                event.session_id is not null as has_session
            from core.event as event
            where
                event.counted
                and event.occurred_at > label_actors.as_of - interval '1 hour'
                and event.occurred_at <= label_actors.as_of
        ),

        actor as materialized (
            select
                acted.viewer,
                bool_or(acted.has_user) as has_user,
                bool_or(acted.has_session) as has_session,
                count(distinct acted.item_id) as items,
                sum(acted.count) filter (where acted.event_type <> 'watch_time') as actions,
                sum(acted.count) filter (where acted.event_type in ('view', 'watch_time')) as looks,
                sum(acted.count) filter (
                    where acted.event_type in ('like', 'comment', 'share')
                ) as gives,
                count(*) as moments,
                date_part('epoch', max(acted.at) - min(acted.at)) as span
            from acted
            where acted.viewer is not null
            group by acted.viewer
        ),

        usual as materialized (
            select
                percentile_cont(0.5) within group (order by actor.actions) as actions,
                count(*) filter (where actor.looks > 0) as lookers,
                count(*) filter (where actor.looks is null) as others
            from actor
        ),

        item as materialized (
            select
                acted.item_id,
                coalesce(
                    sum(acted.count) filter (where acted.event_type in ('like', 'share')), 0
                ) as gives,
                coalesce(sum(acted.count) filter (where acted.event_type = 'view'), 0) as views
            from acted
            group by acted.item_id
        ),

        ticking as (
            select
                gap.viewer,
                stddev_pop(gap.seconds) / nullif(avg(gap.seconds), 0) as unevenness
            from (
                select
                    acted.viewer,
                    date_part(
                        'epoch',
                        acted.at - lag(acted.at) over (partition by acted.viewer order by acted.at)
                    ) as seconds
                from acted
                inner join actor on acted.viewer = actor.viewer
                where
                    acted.event_type <> 'watch_time'
                    and actor.moments >= (
                        select rule.least from core.label_rule as rule
                        where rule.name = 'even_timing' and rule.is_enabled
                    )
            ) as gap
            group by gap.viewer
        ),

        suspect as (
            select
                actor.viewer,
                null::bigint as item_id,
                rule.name,
                actor.has_user,
                actor.has_session,
                jsonb_build_object(
                    'actions', actor.actions, 'items', actor.items, 'usual', usual.actions
                ) as evidence
            from actor
            cross join usual
            inner join core.label_rule as rule on rule.name = 'rate'
            where
                actor.actions >= rule.least
                and actor.actions > rule.times * usual.actions
                and actor.actions >= 5 * actor.items
                and rule.is_enabled
            union all
            select
                actor.viewer,
                null,
                rule.name,
                actor.has_user,
                actor.has_session,
                jsonb_build_object(
                    'gives', actor.gives, 'lookers', usual.lookers, 'others', usual.others
                )
            from actor
            cross join usual
            inner join core.label_rule as rule on rule.name = 'never_looks'
            where
                actor.gives >= rule.least
                and actor.looks is null
                and usual.lookers > rule.times * usual.others
                and rule.is_enabled
            union all
            select
                actor.viewer,
                null,
                rule.name,
                actor.has_user,
                actor.has_session,
                jsonb_build_object(
                    'moments', actor.moments, 'seconds', actor.span,
                    'unevenness', ticking.unevenness
                )
            from ticking
            inner join actor on ticking.viewer = actor.viewer
            inner join core.label_rule as rule on rule.name = 'even_timing'
            where ticking.unevenness < 0.1 / rule.times and rule.is_enabled
            union all
            select
                null,
                item.item_id,
                rule.name,
                false,
                false,
                jsonb_build_object(
                    'gives', item.gives, 'views', item.views, 'items', site.items,
                    'usualGivesAView', site.gives_a_view
                )
            from item
            cross join (
                select
                    percentile_cont(0.5) within group (order by each.gives / each.views)
                        as gives_a_view,
                    count(*) as items
                from item as each
                where each.views > 0
            ) as site
            inner join core.label_rule as rule on rule.name = 'given_unseen'
            where
                item.gives >= rule.least
                and item.gives > item.views
                and site.items >= 10
                and site.gives_a_view * rule.times <= 1
                and rule.is_enabled
        )

        insert into core.actor_label (
            viewer, item_id, kind, reason, evidence, since, until, labelled_by, labelled_at
        )
        select distinct on (suspect.viewer, suspect.item_id)
            suspect.viewer,
            suspect.item_id,
            case
                when suspect.item_id is not null then 'item'
                when suspect.has_user then 'user'
                when suspect.has_session then 'session'
                else 'address'
            end,
            suspect.name,
            suspect.evidence,
            today,
            today + case when suspect.has_user or suspect.has_session then 30 else 1 end,
            'job label_actors',
            label_actors.as_of
        from suspect
        where
            not exists (
                select from core.actor_label as known
                where
                    (known.viewer = suspect.viewer or known.item_id = suspect.item_id)
                    and (
                        (known.lifted_at is null and known.until > today)
                        or (
                            known.reason = suspect.name
                            and known.lifted_at > label_actors.as_of - interval '24 hours'
                        )
                    )
            )
        order by suspect.viewer, suspect.item_id, suspect.name
        on conflict do nothing;
        get diagnostics labelled = row_count;
        perform api.finish_job('label_actors', ledger_id, labelled, null);
    exception when others then
        perform api.finish_job('label_actors', ledger_id, 0, sqlerrm);
    end;
    commit;
end;
$$;

comment on procedure api.label_actors (timestamptz) is
    'Labels who and what the rules of core.label_rule find in the hour before; its ledger line '
    'counts labels.';
