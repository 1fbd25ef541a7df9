-- A page of the most active users of a window, as of now: what is counted, and what waits for it.
-- Source: core.user_window, core.score_feed, core.window_position. Feeds: GET /analytics/top/users.
-- Keeps: equal to a recount of the committed events, in one snapshot. Who has nothing waiting is
-- read by an index, no further than the page's end; the others are as many as the feed has. No row
-- where users are not counted.
create function api.top_users("window" text, skipped integer, most integer, size integer)
returns table (
    readers text,
    since timestamptz,
    is_counted boolean,
    total bigint,
    user_ids text[],
    counts bigint[]
)
language sql stable
security definer
set search_path = pg_catalog
begin atomic
with waiting as materialized (
    select
        feed.user_id,
        sum(one.views + one.likes + one.comments + one.shares)::bigint as actions
    from core.score_feed as feed
    cross join lateral api.event_counts(feed.event_type, feed.count, null) as one
    where
        feed.user_id is not null
        and feed.occurred_at > (
            select position.since
            from core.window_position as position
            where position."window" = top_users."window"
        )
    group by feed.user_id
),

standing as (
    select
        stored.user_id,
        stored.actions
    from core.user_window as stored
    where
        stored."window" = top_users."window"
        and stored.actions > 0
        and not exists (select from waiting
            where waiting.user_id = stored.user_id)
    order by stored.actions desc, stored.user_id collate "C"
    limit top_users.size
),

best as (
    select
        each.user_id,
        each.actions,
        row_number() over (order by each.actions desc, each.user_id collate "C") as place
    from (
        select
            standing.user_id,
            standing.actions
        from standing
        union all
        select
            waiting.user_id,
            waiting.actions + coalesce(stored.actions, 0)
        from waiting
        left join core.user_window as stored
            on stored."window" = top_users."window" and waiting.user_id = stored.user_id
    ) as each
    where each.actions > 0
    order by place
    limit top_users.size
)

select
    policy.readers,
    position.since,
    coalesce(held.since <= position.since, false),
    (select count(*) from best),
    array(
        select best.user_id
        from best
        where best.place > skipped and best.place <= skipped + most
        order by best.place
    ),
    array(
        select best.actions
        from best
        where best.place > skipped and best.place <= skipped + most
        order by best.place
    )
from core.activity_policy as policy
left join core.window_position as position on position."window" = top_users."window"
left join core.user_window_position as held on held."window" = top_users."window"
where policy.readers <> 'nobody';
end;

comment on function api.top_users(text, integer, integer, integer) is
    'Who may read it, since when is counted and whether it is yet, how many there are (at most '
    'size), and the users of the page with their actions, the most active first.';
revoke execute on function api.top_users(text, integer, integer, integer) from public;
grant execute on function api.top_users(text, integer, integer, integer) to groundswell_service;
