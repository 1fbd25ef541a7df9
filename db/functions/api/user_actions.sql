-- What users did after one moment and up to another, less what waits in the feed.
-- Source: core.event, core.score_feed. Feeds: api.count_activity.
-- Keeps: what waits is there twice, as an event and with a count below 0, so it is in no sum, as in
-- api.counted_between.
create function api.user_actions(since timestamptz, until timestamptz, fed_before timestamptz)
returns table (user_id text, actions bigint)
language sql stable
begin atomic
select
    part.user_id,
    sum(one.views + one.likes + one.comments + one.shares)::bigint
from (
    select
        event.user_id,
        event.event_type,
        event.count
    from core.event as event
    where
        event.counted
        and event.user_id is not null
        and event.occurred_at > user_actions.since
        and event.occurred_at <= user_actions.until
    union all
    select
        feed.user_id,
        feed.event_type,
        -feed.count as count
    from core.score_feed as feed
    where
        feed.user_id is not null
        and feed.occurred_at > user_actions.since
        and feed.occurred_at <= user_actions.until
        and feed.occurred_at < user_actions.fed_before
) as part
cross join lateral api.event_counts(part.event_type, part.count, null) as one
group by part.user_id;
end;

comment on function api.user_actions(timestamptz, timestamptz, timestamptz) is
    'Actions of each user after since and up to until, less those in the feed before fed_before.';
