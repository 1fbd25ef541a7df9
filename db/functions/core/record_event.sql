-- Record one counted event of a user, made by the database itself, so that runs hear of it, and
-- whoever reads what is published.
-- Source: api.set_like, api.post_comment, api.delete_comment. Feeds: core.event, core.score_feed,
-- core.outgoing.
-- Keeps: an event and its rows in the feed and, while the sink is on, in the outbox are of one
-- transaction.
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
    returning event_id, item_id, occurred_at, event_type, count, user_id
),

noted as (
    insert into core.outgoing (lane, noted_at, events, since, until, event_ids)
    select
        (recorded.item_id % 4)::smallint,
        clock_timestamp(),
        1,
        recorded.occurred_at as since,
        recorded.occurred_at as until,
        array[recorded.event_id]
    from recorded
    cross join core.sink as sink
    where sink.stream = 'event' and sink.since is not null
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
