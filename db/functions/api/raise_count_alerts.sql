-- Raise the alerts about items whose lifetime count passes a threshold by the events in the feed.
-- Source: core.alert_subscription, core.score_feed, core.item_window. Feeds: core.alert,
-- core.alert_crossing, core.alert_outbox.
-- Keeps: only api.score_events may call it, after the windows have moved and before the feed is
-- emptied, in one snapshot: the count before is the count now less the feed. Each item once for a
-- subscription, also where unlikes take the count back. Looks at the items of the feed alone, and
-- at none without a subscription. Its own failure goes to the ledger and fails nothing else.
create function api.raise_count_alerts(as_of timestamptz)
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
        return;
    end if;

    begin
        with gained as materialized (
            select
                feed.item_id,
                sum(one.views) as views,
                sum(one.likes) as likes,
                sum(one.comments) as comments,
                sum(one.shares) as shares
            from core.score_feed as feed
            cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
            group by feed.item_id
        ),

        passed as (
            select
                wanted.subscription_id,
                gained.item_id,
                lifetime.count
            from gained
            inner join core.item_window as counted
                on gained.item_id = counted.item_id and counted."window" = 'all'
            cross join lateral (
                values
                ('views', counted.views, gained.views),
                ('likes', counted.likes, gained.likes),
                ('comments', counted.comments, gained.comments),
                ('shares', counted.shares, gained.shares)
            ) as lifetime (metric, count, gain)
            inner join core.alert_subscription as wanted
                on
                    wanted.condition_type = 'passes_count'
                    and wanted.status = 'active'
                    and wanted.metric = lifetime.metric
                    and wanted.threshold <= lifetime.count
                    and wanted.threshold > lifetime.count - lifetime.gain
                    and (wanted.item_id is null or wanted.item_id = gained.item_id)
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
                            item.item_id = gained.item_id
                            and item.content_type = ranking.content_type
                    )
                )
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
                    null, passed.subscription_id, 'passes_count', raise_count_alerts.as_of, null,
                    passed.item_id, null, null, null, null, passed.count
                )::core.alert
                order by passed.subscription_id, passed.item_id
            )
        ) into raised
        from passed
        inner join crossing
            on
                passed.subscription_id = crossing.subscription_id
                and passed.item_id = crossing.item_id;
        perform api.note_alerts(raised, null);
    exception when others then
        perform api.note_alerts(0, format('counts: %s', sqlerrm));
    end;
end;
$$;

comment on function api.raise_count_alerts(timestamptz) is
    'Raises the alerts about lifetime counts that the events in the feed have brought past a '
    'threshold.';
