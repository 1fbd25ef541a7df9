-- Record one counted event of a user, made by the database itself, so that runs hear of it.
-- Source: api.set_like, api.post_comment, api.delete_comment. Feeds: core.event, core.score_feed.
-- Keeps: an event and its row in the feed are of one transaction.
create or replace function core.record_event(
    event_id uuid, occurred_at timestamptz, item_id bigint, event_type core.event_type, user_id text
)
returns void
language sql volatile
begin atomic
with recorded as (
    insert into core.event (event_id, occurred_at, received_at, item_id, event_type, user_id)
    values (
        record_event.event_id,
        record_event.occurred_at,
        record_event.occurred_at,
        record_event.item_id,
        record_event.event_type,
        record_event.user_id
    )
    returning item_id, occurred_at, event_type, count, user_id
)

insert into core.score_feed (item_id, occurred_at, event_type, count, user_id)
select
    recorded.item_id,
    recorded.occurred_at,
    recorded.event_type,
    recorded.count,
    recorded.user_id
from recorded;
end;

comment on function core.record_event(uuid, timestamptz, bigint, core.event_type, text) is
    'Records one event of a user that came just now, and puts it into the feed of scoring.';
revoke execute on function core.record_event(uuid, timestamptz, bigint, core.event_type, text)
from public;
