-- Raise the alerts about items whose lifetime count passes a threshold by the events in the feed.
-- Source: core.alert_subscription, api.count_rises, core.alert_backlog. Feeds: core.alert,
-- core.alert_crossing, core.alert_outbox, core.alert_backlog.
-- Keeps: only api.score_events may call it, after the windows have moved and before the feed is
-- emptied, in one snapshot. Each item once for a subscription, also where unlikes take the count
-- back. Looks at the items of the feed alone, and at none without a subscription. Its own failure
-- goes to the ledger and fails nothing else; the next run catches up.
create function api.raise_count_alerts(as_of timestamptz, fed_since timestamptz)
returns void
language plpgsql volatile
set jit = off
-- As in api.add_to_scores: the feed's statistics are of a queue, mostly empty.
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
    is_wanted constant boolean := exists (
        select 1
        from core.alert_subscription as wanted
        where wanted.condition_type = 'passes_count' and wanted.status = 'active'
    );
    raised bigint;
begin
    if not is_wanted then
        delete from core.alert_backlog;
        return;
    end if;

    begin
        with risen as materialized (
            select
                raise_count_alerts.as_of,
                now_risen.*
            from api.count_rises(
                raise_count_alerts.as_of, raise_count_alerts.fed_since
            ) as now_risen
            union all
            select behind.*
            from core.alert_backlog as behind
        ),

        passed as (
            select distinct on (wanted.subscription_id, risen.item_id)
                wanted.subscription_id,
                risen.item_id,
                risen.as_of,
                risen.count
            from risen
            inner join core.alert_subscription as wanted
                on
                    wanted.condition_type = 'passes_count'
                    and wanted.status = 'active'
                    and wanted.metric = risen.metric
                    and wanted.threshold <= risen.count
                    and wanted.threshold > risen.count - risen.gain
                    and (wanted.item_id is null or wanted.item_id = risen.item_id)
                    -- Of what is behind, it hears what it would have heard then.
                    and (
                        risen.as_of = raise_count_alerts.as_of
                        or wanted.created_at <= risen.as_of
                    )
            left join core.api_key as owner on wanted.owner_key_id = owner.key_id
            left join core.ranking as ranking on wanted.ranking_id = ranking.ranking_id
            where
                owner.revoked_at is null
                and (
                    ranking.content_type is null
                    or exists (
                        select 1
                        from core.item
                        where
                            item.item_id = risen.item_id
                            and item.content_type = ranking.content_type
                    )
                )
            order by wanted.subscription_id, risen.item_id, risen.as_of
        ),

        crossing as (
            insert into core.alert_crossing (subscription_id, item_id)
            select
                passed.subscription_id,
                passed.item_id
            from passed
            on conflict on constraint alert_crossing_once do nothing
            returning subscription_id, item_id
        )

        select api.store_alerts(
            array_agg(
                (
                    null, passed.subscription_id, 'passes_count', passed.as_of, null,
                    passed.item_id, null, null, null, null, passed.count
                )::core.alert
                order by passed.as_of, passed.subscription_id, passed.item_id
            )
        ) into raised
        from passed
        inner join crossing
            on
                passed.subscription_id = crossing.subscription_id
                and passed.item_id = crossing.item_id;
        delete from core.alert_backlog;
        perform api.note_alerts(raised, null);
    exception when others then
        perform api.note_alerts(0, format('counts: %s', sqlerrm));
        insert into core.alert_backlog (as_of, item_id, metric, count, gain)
        select
            raise_count_alerts.as_of,
            risen.*
        from api.count_rises(
                raise_count_alerts.as_of, raise_count_alerts.fed_since
            ) as risen;
    end;
end;
$$;

comment on function api.raise_count_alerts(timestamptz, timestamptz) is
    'Raises the alerts about lifetime counts that the events in the feed have brought past a '
    'threshold.';
