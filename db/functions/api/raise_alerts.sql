-- Raise the alerts of one ranking: what has entered a top, or broken out, since the run before.
-- Source: core.alert_subscription, api.stored_place, core.alert_history, core.item_window.
-- Feeds: core.alert, core.alert_outbox, core.ranking_state.
-- Keeps: in the transaction that stores the snapshot, so a crossing is raised once or was not
-- stored either. The first run of a ranking and the first one under changed settings are a new
-- beginning and raise none; nor does an item that a backfill has moved since the run before, or a
-- category or creator without an event lately. Looks at two snapshots of a run at most, and at none
-- without a subscription. Its own failure goes to the ledger and fails nothing else: the next run,
-- also one that stores nothing new, begins with the first run that is behind.
create function api.raise_alerts(ranking core.ranking, new_run_id bigint)
returns void
language plpgsql volatile
set jit = off
as $$
declare
    alerts_from constant bigint := (
        select state.alerts_from from core.ranking_state as state
        where state.ranking_id = ranking.ranking_id
    );
    run core.ranking_run;
    previous core.ranking_run;
    raised bigint;
begin
    if exists (
        select 1
        from core.alert_subscription as wanted
        where
            wanted.ranking_id = ranking.ranking_id
            and wanted.condition_type <> 'passes_count'
            and wanted.status = 'active'
    ) then
        for run in
            select stored.*
            from core.ranking_run as stored
            where
                stored.ranking_id = ranking.ranking_id
                and stored.run_id >= coalesce(alerts_from, new_run_id)
            order by stored.run_id
        loop
            select before.* into previous
            from core.ranking_run as before
            where before.ranking_id = ranking.ranking_id and before.run_id < run.run_id
            order by before.as_of desc, before.run_id desc
            limit 1;
            -- What editors move is moved for everybody who looks, so also for who is told.
            continue when previous.parameters - '{rules,reviews}'::text []
                is distinct from run.parameters - '{rules,reviews}'::text [];
            begin
                with wanted as materialized (
                    select subscription.*
                    from core.alert_subscription as subscription
                    left join core.api_key as owner on subscription.owner_key_id = owner.key_id
                    where
                        subscription.ranking_id = ranking.ranking_id
                        and subscription.condition_type <> 'passes_count'
                        and subscription.status = 'active'
                        -- Of a run that is behind, it hears what it would have heard then.
                        and (alerts_from is null or subscription.created_at <= run.as_of)
                        and owner.revoked_at is null
                ),

                place as materialized (
                    select
                        entry.rank,
                        entry.subject,
                        entry.item_id,
                        entry.previous_rank,
                        entry.score
                    from api.stored_place as entry
                    where entry.run_id = run.run_id and entry.segment = ''
                ),

                before as materialized (
                    select
                        entry.rank,
                        entry.score
                    from api.stored_place as entry
                    where
                        entry.run_id = previous.run_id
                        and entry.segment = ''
                        and ranking.formula = 'breakout'
                )

                select api.store_alerts(
                    array_agg(
                        (
                            null, wanted.subscription_id, wanted.condition_type, run.as_of,
                            run.run_id, place.item_id, place.subject, place.rank, place.previous_rank,
                            place.score, null
                        )::core.alert
                        order by wanted.subscription_id, place.rank
                    )
                ) into raised
                from wanted
                inner join place
                    on
                        (wanted.item_id is null or wanted.item_id = place.item_id)
                        and (wanted.subject is null or wanted.subject = place.subject)
                cross join core.alert_policy as policy
                left join before on place.previous_rank = before.rank
                where
                    -- Whom a backfill has moved: an item, or the category or creator of none but those.
                    not exists (
                        select 1
                        from core.alert_history as history
                        where
                            history.item_id = place.item_id
                            and history.as_of > previous.as_of
                    )
                    and (
                        ranking.subject = 'item'
                        or exists (
                            select 1
                            from core.item
                            inner join core.item_window as lifetime
                                on item.item_id = lifetime.item_id and lifetime."window" = 'all'
                            where
                                lifetime.last_event_at > run.as_of - policy.news_for
                                and (
                                    (ranking.subject = 'category' and item.category = place.subject)
                                    or (ranking.subject = 'creator' and item.creator = place.subject)
                                )
                        )
                    )
                    and case wanted.condition_type
                        when 'enters_top' then
                            place.rank <= wanted.top_n
                            and (place.previous_rank is null or place.previous_rank > wanted.top_n)
                        when 'breaks_out' then
                            place.score >= wanted.min_score
                            and (before.score is null or before.score < wanted.min_score)
                    end;
                perform api.note_alerts(raised, null);
            exception when others then
                perform api.note_alerts(0, format('%s: %s', ranking.name, sqlerrm));
                insert into core.ranking_state as state (ranking_id, checked_at, alerts_from)
                values (ranking.ranking_id, '-infinity', run.run_id)
                on conflict (ranking_id) do update set alerts_from = excluded.alerts_from;
                return;
            end;
        end loop;
    end if;
    if alerts_from is not null then
        update core.ranking_state as state
        set alerts_from = null
        where state.ranking_id = ranking.ranking_id;
    end if;
end;
$$;

comment on function api.raise_alerts(core.ranking, bigint) is
    'Raises the alerts about a run that was just stored, where there is one, and about those that '
    'are behind, each held against the run before it.';
