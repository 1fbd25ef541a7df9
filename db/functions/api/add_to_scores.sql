-- Add events to the decayed sums of their items: a slice of the feed in every weighted_decay
-- ranking, or a slice of what was scored before in those that are counted anew.
-- Source: core.score_feed, core.recount, core.discount, api.counted_between.
-- Feeds: core.ranking_score.
-- Keeps: reads the feed without emptying it: only api.score_events may call it, which takes the
-- slice out of the feed in the same snapshot, so that each event counts once; for what is counted
-- anew only api.continue_recounts. There the feed's events are added where those of their time are
-- counted already; where they are not, they will be with them.
create function api.add_to_scores(
    since timestamptz,
    until timestamptz default 'infinity',
    recounting boolean default false,
    discounted_after bigint default null
)
returns void
-- Not in SQL: planning this takes longer than adding a hundred events, and here the plan is kept.
language plpgsql volatile
set jit = off
-- The feed's statistics are of a queue, mostly empty, and the scores are many: a plan that reads
-- all of them is never the right one.
set enable_hashjoin = off
set enable_mergejoin = off
-- Where the scores are known to be none, or were, each item would be looked for in all that this
-- very statement has inserted before: the first run would take the square of its items.
set enable_seqscan = off
-- The events of a minute, once for each ranking, are sorted by item in memory.
set work_mem = '32MB'
as $$
declare
    raw_since constant timestamptz := case when recounting then api.raw_since() end;
    newest constant timestamptz := case
        when not recounting then greatest(
            (select max(feed.occurred_at) from core.score_feed as feed),
            (
                select max(taken.at)
                from core.discount as taken
                where taken.discount_id > discounted_after
            )
        )
        when isfinite(until) then until
        else coalesce((select max(event.occurred_at) from core.event as event), raw_since)
    end;
    -- In half-lives: no sum is then so large that what counts beside it is lost.
    landmark_for constant double precision := 64;
    -- In doublings, a fifth of the score: an event that adds less leaves all indexes as they are.
    slack constant double precision := 0.25;
begin
-- The half-lives in seconds.
with setting as (
    select
        state.score_set,
        state.content_type,
        -state.discount as of_discount,
        date_part('epoch', state.half_life) as half_life,
        date_part('epoch', state.recent_half_life) as recent_half_life,
        state.weights,
        state.floor,
        '-infinity'::timestamptz as counted_after
    from core.ranking_state as state
    where state.weights is not null and not recounting
    union all
    -- No bounds before the sums are whole.
    select
        recount.score_set,
        recount.content_type,
        -recount.discount as of_discount,
        date_part('epoch', recount.half_life) as half_life,
        date_part('epoch', recount.recent_half_life) as recent_half_life,
        null,
        'infinity',
        case when recounting then '-infinity' else recount.counted_after end
    from core.recount as recount
    where not recounting or recount.counted_after = until
),

delta as (
    select
        setting.score_set,
        counted.item_id,
        coalesce(max(counted.at) filter (where counted.gives), '-infinity') as last_event_at,
        sum(counted.views * fade.slow) as views,
        sum(counted.likes * fade.slow) as likes,
        sum(counted.comments * fade.slow) as comments,
        sum(counted.shares * fade.slow) as shares,
        sum(counted.watch_minutes * fade.slow) as watch_minutes,
        sum(counted.views * fade.fast) as recent_views,
        sum(counted.likes * fade.fast) as recent_likes,
        sum(counted.comments * fade.fast) as recent_comments,
        sum(counted.shares * fade.fast) as recent_shares,
        sum(counted.watch_minutes * fade.fast) as recent_watch_minutes
    from (
        select
            part.item_id,
            part.at,
            date_part('epoch', newest - part.at) as age,
            part.views,
            part.likes,
            part.comments,
            part.shares,
            part.gives,
            part.is_discount,
            part.watch_seconds / 60 as watch_minutes
        from (
            select
                feed.item_id,
                feed.occurred_at as at,
                one.views,
                one.likes,
                one.comments,
                one.shares,
                one.watch_seconds,
                one.gives,
                false as is_discount
            from core.score_feed as feed
            cross join lateral api.event_counts(feed.event_type, feed.count, feed.seconds) as one
            where not recounting and feed.occurred_at >= since
            union all
            select
                scored.item_id,
                scored.at,
                scored.views,
                scored.likes,
                scored.comments,
                scored.shares,
                scored.watch_seconds,
                scored.gives,
                false as is_discount
            from api.counted_between(since, until, 'infinity', raw_since) as scored
            where recounting
            union all
            select
                gone.item_id,
                gone.at,
                gone.views,
                gone.likes,
                gone.comments,
                gone.shares,
                gone.watch_seconds,
                greatest(
                    gone.views, gone.likes, gone.comments, gone.shares, gone.watch_seconds
                ) > 0 as gives,
                false as is_discount
            from api.dropped_counts() as gone
            where recounting and since = '-infinity'
            union all
            select
                taken.item_id,
                taken.at,
                taken.views,
                taken.likes,
                taken.comments,
                taken.shares,
                taken.watch_seconds,
                null as gives,
                true as is_discount
            from core.discount as taken
            where
                (not recounting and taken.discount_id > discounted_after)
                or (recounting and taken.at > since and taken.at <= until)
        ) as part
        offset 0 -- evaluated once a row, not once a use
    ) as counted
    cross join setting
    cross join lateral (
        select
            api.decay_factor(counted.age, setting.half_life) * part.share as slow,
            case
                when setting.recent_half_life is null then 0
                else api.decay_factor(counted.age, setting.recent_half_life) * part.share
            end as fast
        from (
            select case when counted.is_discount then setting.of_discount else 1 end as share
        ) as part
        offset 0
    ) as fade
    where
        counted.at > setting.counted_after
        and (
            setting.content_type is null
            or exists (
                select 1
                from core.item
                where
                    item.item_id = counted.item_id
                    and item.content_type = setting.content_type
            )
        )
    group by setting.score_set, counted.item_id
),

-- Old sums and new ones, both brought to one moment: that of the old ones, as long as it can be, so
-- that those without an event stay as they are; then a new one. The bound is that of the later one.
summed as (
    select
        delta.score_set,
        delta.item_id,
        score.stored_at,
        score.bound as stored_bound,
        setting.half_life,
        setting.weights,
        setting.floor,
        moment.decayed_to,
        greatest(newest, moment.decayed_to) as bounded_at,
        fade.bound_slow,
        fade.bound_fast,
        greatest(delta.last_event_at, score.last_event_at) as last_event_at,
        delta.views * fade.new_slow + coalesce(score.views * fade.old_slow, 0) as views,
        delta.likes * fade.new_slow + coalesce(score.likes * fade.old_slow, 0) as likes,
        delta.comments * fade.new_slow + coalesce(score.comments * fade.old_slow, 0) as comments,
        delta.shares * fade.new_slow + coalesce(score.shares * fade.old_slow, 0) as shares,
        delta.watch_minutes * fade.new_slow + coalesce(score.watch_minutes * fade.old_slow, 0)
            as watch_minutes,
        delta.recent_views * fade.new_fast + coalesce(score.recent_views * fade.old_fast, 0)
            as recent_views,
        delta.recent_likes * fade.new_fast + coalesce(score.recent_likes * fade.old_fast, 0)
            as recent_likes,
        delta.recent_comments * fade.new_fast
        + coalesce(score.recent_comments * fade.old_fast, 0) as recent_comments,
        delta.recent_shares * fade.new_fast + coalesce(score.recent_shares * fade.old_fast, 0)
            as recent_shares,
        delta.recent_watch_minutes * fade.new_fast
        + coalesce(score.recent_watch_minutes * fade.old_fast, 0) as recent_watch_minutes
    from delta
    inner join setting on delta.score_set = setting.score_set
    left join lateral (
        select
            stored.*,
            stored.ctid as stored_at
        from core.ranking_score as stored
        where
            stored.score_set = delta.score_set
            and stored.item_id = delta.item_id
        offset 0
    ) as score on true
    cross join lateral (
        select
            case
                when
                    date_part('epoch', newest - score.decayed_to)
                    <= landmark_for * least(setting.half_life, setting.recent_half_life, 'infinity')
                    then score.decayed_to
                else newest
            end as decayed_to
    ) as moment
    cross join lateral (
        select
            date_part('epoch', greatest(newest, moment.decayed_to) - moment.decayed_to) as bound,
            date_part('epoch', moment.decayed_to - newest) as new,
            date_part('epoch', moment.decayed_to - score.decayed_to) as old
        offset 0
    ) as age
    cross join lateral (
        select
            api.decay_factor(age.bound, setting.half_life) as bound_slow,
            api.decay_factor(age.bound, setting.recent_half_life) as bound_fast,
            api.decay_factor(age.new, setting.half_life) as new_slow,
            api.decay_factor(age.new, setting.recent_half_life) as new_fast,
            api.decay_factor(age.old, setting.half_life) as old_slow,
            api.decay_factor(age.old, setting.recent_half_life) as old_fast
        offset 0
    ) as fade
    offset 0 -- each sum is used three times below
),

bounded as (
    select
        summed.score_set,
        summed.item_id,
        summed.stored_at,
        summed.decayed_to,
        summed.last_event_at,
        api.without_dust(summed.views) as views,
        api.without_dust(summed.likes) as likes,
        api.without_dust(summed.comments) as comments,
        api.without_dust(summed.shares) as shares,
        api.without_dust(summed.watch_minutes) as watch_minutes,
        api.without_dust(summed.recent_views) as recent_views,
        api.without_dust(summed.recent_likes) as recent_likes,
        api.without_dust(summed.recent_comments) as recent_comments,
        api.without_dust(summed.recent_shares) as recent_shares,
        api.without_dust(summed.recent_watch_minutes) as recent_watch_minutes,
        summed.floor,
        summed.stored_bound,
        api.forward_bound(
            summed.bound_slow * api.weighted_sum(
                summed.weights, summed.views, summed.likes, summed.comments, summed.shares,
                summed.watch_minutes
            ),
            summed.bound_fast * api.weighted_sum(
                summed.weights, summed.recent_views, summed.recent_likes, summed.recent_comments,
                summed.recent_shares, summed.recent_watch_minutes
            ),
            summed.bounded_at,
            summed.half_life
        ) as bound
    from summed
    offset 0 -- the bound is used twice below
),

-- A bound that stays as it is leaves the row in its place, and every index as it is.
fresh as (
    select
        bounded.*,
        case
            when bounded.bound < bounded.floor or bounded.bound = '-infinity' then '-infinity'
            when bounded.stored_bound between bounded.bound and bounded.bound + slack
                then bounded.stored_bound
            else bounded.bound + slack
        end as known
    from bounded
),

-- By address: the row was found above, and nobody else writes here (api.run_rankings' lock).
changed as (
    update core.ranking_score as stored
    set
        decayed_to = fresh.decayed_to,
        last_event_at = fresh.last_event_at,
        views = fresh.views,
        likes = fresh.likes,
        comments = fresh.comments,
        shares = fresh.shares,
        watch_minutes = fresh.watch_minutes,
        recent_views = fresh.recent_views,
        recent_likes = fresh.recent_likes,
        recent_comments = fresh.recent_comments,
        recent_shares = fresh.recent_shares,
        recent_watch_minutes = fresh.recent_watch_minutes,
        bound = fresh.known
    from fresh
    where stored.ctid = fresh.stored_at
)

insert into core.ranking_score (
    score_set, item_id, decayed_to, last_event_at,
    views, likes, comments, shares, watch_minutes,
    recent_views, recent_likes, recent_comments, recent_shares, recent_watch_minutes,
    bound
)
select
    fresh.score_set,
    fresh.item_id,
    fresh.decayed_to,
    fresh.last_event_at,
    fresh.views,
    fresh.likes,
    fresh.comments,
    fresh.shares,
    fresh.watch_minutes,
    fresh.recent_views,
    fresh.recent_likes,
    fresh.recent_comments,
    fresh.recent_shares,
    fresh.recent_watch_minutes,
    fresh.known
from fresh
where fresh.stored_at is null;
end;
$$;

comment on function api.add_to_scores(timestamptz, timestamptz, boolean, bigint) is
    'Adds what is in the feed since a moment, less what core.discount has after a row, to every '
    'weighted_decay ranking; or what was scored '
    'after one moment and up to another to the rankings whose recount has come to the latter.';
