-- Note anew what of the scored events of some days does not count in lists that fade.
-- Source: core.event, core.score_feed, core.actor_policy, core.actor_label. Feeds: core.discount;
-- api.apply_labels, api.rebuild_discounts.
-- Keeps: as api.note_discounts does with what waits in the feed, which is left out here. What was
-- noted before of these actors, items and days is taken back; so in the end an event is discounted
-- wholly where any label holds it, and else as a repeated action is. Only under the lock of the
-- scoring job.
create function api.renew_discounts(since date, until date, viewers bigint[], items bigint[])
returns void
language plpgsql volatile
set jit = off
as $$
declare
    raw_since constant timestamptz := api.raw_since();
    begins constant timestamptz := since::timestamp at time zone 'UTC';
    ends constant timestamptz := until::timestamp at time zone 'UTC';
begin
    with part as (
        select
            event.viewer & 9223372036854775807 as viewer,
            event.item_id,
            event.occurred_at as at,
            event.event_type,
            event.count,
            event.seconds
        from core.event as event
        where
            event.counted
            and event.viewer is not null
            and event.occurred_at >= greatest(raw_since, begins)
            and event.occurred_at < ends
            and (
                viewers is null
                or event.viewer & 9223372036854775807 = any(viewers)
                or event.item_id = any(items)
            )
        union all
        select
            feed.viewer & 9223372036854775807 as viewer,
            feed.item_id,
            feed.occurred_at as at,
            feed.event_type,
            -feed.count,
            feed.seconds
        from core.score_feed as feed
        where
            feed.viewer is not null
            and feed.occurred_at >= begins
            and feed.occurred_at < ends
            and (
                viewers is null
                or feed.viewer & 9223372036854775807 = any(viewers)
                or feed.item_id = any(items)
            )
    ),

    scored as (
        select
            part.viewer,
            part.item_id,
            part.at,
            (part.at at time zone 'UTC')::date as day,
            part.event_type,
            sum(part.count) as count,
            sum(part.count * part.seconds) as seconds
        from part
        group by part.viewer, part.item_id, part.at, part.event_type
        having sum(part.count) > 0
    ),

    -- By all labels that hold now: another one may hold an event, too.
    group_of as materialized (
        select
            touched.viewer,
            touched.item_id,
            touched.day,
            exists (
                select from core.actor_label as holding
                where
                    (holding.viewer = touched.viewer or holding.item_id = touched.item_id)
                    and holding.lifted_at is null
                    and holding.since <= touched.day
                    and holding.until > touched.day
            ) as holds
        from (select distinct scored.viewer, scored.item_id, scored.day from scored) as touched
    ),

    placed as (
        select
            scored.*,
            group_of.holds,
            policy.ratio,
            sum(scored.count) over (
                partition by scored.viewer, scored.item_id, scored.event_type, scored.day
                order by scored.at desc rows between unbounded preceding and current row
            ) as last_place
        from scored
        inner join group_of
            on
                scored.viewer = group_of.viewer
                and scored.item_id = group_of.item_id
                and scored.day = group_of.day
        left join core.actor_policy as policy on scored.event_type = policy.event_type
    ),

    taken as (
        select
            placed.viewer,
            placed.item_id,
            placed.at,
            placed.event_type,
            placed.seconds,
            case
                when placed.holds then placed.count
                when placed.ratio is null then 0
                else
                    placed.count
                    - api.actor_credit(
                        (placed.last_place - placed.count + 1)::bigint,
                        placed.last_place::bigint,
                        placed.ratio
                    )
            end as count
        from placed
    )

    insert into core.discount (
        viewer, item_id, at, views, likes, comments, shares, watch_seconds
    )
    select
        taken.viewer,
        taken.item_id,
        taken.at,
        amount.*
    from taken
    cross join lateral
        api.discounted_counts(taken.event_type, taken.count::double precision, taken.seconds)
            as amount
    where taken.count <> 0
    union all
    select
        before.viewer,
        before.item_id,
        before.at,
        -sum(before.views),
        -sum(before.likes),
        -sum(before.comments),
        -sum(before.shares),
        -sum(before.watch_seconds)
    from group_of
    inner join core.discount as before
        on
            group_of.viewer = before.viewer
            and group_of.item_id = before.item_id
            and group_of.day = (before.at at time zone 'UTC')::date
    where raw_since <= before.at
    group by before.viewer, before.item_id, before.at;
end;
$$;

comment on function api.renew_discounts(date, date, bigint[], bigint[]) is
    'Renews core.discount from one day to before another: of some actors and of some items, or of '
    'all where viewers is null.';
