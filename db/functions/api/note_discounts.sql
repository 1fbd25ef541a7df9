-- Note what of a slice of the feed does not count in lists that fade: actions that an actor
-- repeats, and all of labelled actors.
-- Source: core.score_feed, core.actor_policy, core.actor_label. Feeds: core.discount,
-- core.actor_action; api.score_events.
-- Keeps: only api.score_events may call it (see api.add_to_scores). The newest action counts whole,
-- each before it a share of the one after, none beyond the fourth: so what comes in only adds to
-- what counts of its kind, in any order and in any slices, and taking back never raises anything.
-- Actors who act once cost a look and a row in core.actor_action; only who repeats or is labelled
-- has rows in core.discount. Events that name no actor count whole: a server's counters, which no
-- public key can send. A day that core.actor_action no longer has begins anew.
create function api.note_discounts(fed_since timestamptz)
returns void
language plpgsql volatile
set jit = off
-- By the key, whatever is known of the table.
set enable_seqscan = off
as $$
declare
    has_labels constant boolean := exists (
        select from core.actor_label as label where label.lifted_at is null
    );
begin
with fed as materialized (
    select
        feed.viewer & 9223372036854775807 as viewer,
        feed.item_id,
        feed.occurred_at as at,
        (feed.occurred_at at time zone 'UTC')::date as day,
        feed.event_type,
        feed.count,
        feed.seconds,
        has_labels and exists (
            select from core.actor_label as label
            where
                (
                    label.viewer = feed.viewer & 9223372036854775807
                    or label.item_id = feed.item_id
                )
                and label.lifted_at is null
                and label.since <= (feed.occurred_at at time zone 'UTC')::date
                and label.until > (feed.occurred_at at time zone 'UTC')::date
        ) as is_labelled
    from core.score_feed as feed
    where feed.viewer is not null and feed.occurred_at >= fed_since
),

acted as (
    select
        fed.viewer,
        fed.item_id,
        fed.day,
        fed.event_type,
        policy.ratio,
        bool_or(fed.is_labelled) as is_labelled,
        sum(fed.count) filter (where each.number = 1) as actions,
        (array_agg(fed.at order by fed.at desc))[1:4] as moments
    from fed
    inner join core.actor_policy as policy on fed.event_type = policy.event_type
    -- A row of several is as many actions.
    cross join lateral generate_series(1, least(fed.count, 4)) as each (number)
    group by
        fed.viewer, fed.item_id, fed.day, fed.event_type, policy.ratio
),

known as materialized (
    select
        acted.*,
        stored.moments as old_moments,
        stored.stored_at,
        case
            when stored.moments is null then acted.moments
            else array(
                select moment.at
                from unnest(acted.moments || stored.moments) as moment (at)
                order by moment.at desc
                limit 4
            )
        end as newest
    from acted
    left join lateral (
        select
            before.moments,
            before.ctid as stored_at
        from core.actor_action as before
        where
            before.day = acted.day
            and before.item_id = acted.item_id
            and before.viewer = acted.viewer
            and before.event_type = acted.event_type
        offset 0
    ) as stored on true
),

-- By address: the row was found above, and nobody else writes here.
changed as (
    update core.actor_action as stored
    set moments = known.newest
    from known
    where stored.ctid = known.stored_at and stored.moments <> known.newest
),

added as (
    insert into core.actor_action (viewer, item_id, day, event_type, moments)
    select
        known.viewer,
        known.item_id,
        known.day,
        known.event_type,
        known.newest
    from known
    where known.stored_at is null
),

repeated as (
    select known.*
    from known
    where (known.actions > 1 or known.stored_at is not null) and not known.is_labelled
),

-- The new events in full, less what counts of all that are known, and what did before.
taken as (
    select
        fed.viewer,
        fed.item_id,
        fed.at,
        fed.event_type,
        fed.count::double precision as count,
        null::double precision as seconds
    from repeated
    inner join fed
        on
            repeated.viewer = fed.viewer
            and repeated.item_id = fed.item_id
            and repeated.day = fed.day
            and repeated.event_type = fed.event_type
    union all
    select
        repeated.viewer,
        repeated.item_id,
        counting.at,
        repeated.event_type,
        counting.sign * api.actor_credit(counting.place, counting.place, repeated.ratio),
        null
    from repeated
    cross join lateral (
        select
            moment.at,
            moment.place,
            -1 as sign
        from unnest(repeated.newest) with ordinality as moment (at, place)
        union all
        select
            moment.at,
            moment.place,
            1
        from unnest(repeated.old_moments) with ordinality as moment (at, place)
    ) as counting
    union all
    select
        fed.viewer,
        fed.item_id,
        fed.at,
        fed.event_type,
        fed.count,
        fed.seconds
    from fed
    where fed.is_labelled
)

insert into core.discount (
    viewer, item_id, at, views, likes, comments, shares, watch_seconds
)
select
    summed.viewer,
    summed.item_id,
    summed.at,
    amount.*
from (
    select
        taken.viewer,
        taken.item_id,
        taken.at,
        taken.event_type,
        sum(taken.count) as count,
        sum(taken.count * taken.seconds) as seconds
    from taken
    group by taken.viewer, taken.item_id, taken.at, taken.event_type
) as summed
cross join lateral
    api.discounted_counts(summed.event_type, summed.count, summed.seconds) as amount
where summed.count <> 0;
end;
$$;

comment on function api.note_discounts(timestamptz) is
    'Notes in core.discount what of the feed since a moment is repeated or of labelled actors.';
