-- What is still to be published to Kafka, and who is at it. Nothing is in it while the sink is off.
-- Source: the writer and core.record_event, in the transaction that inserts the events; then
-- groundswell publish. Feeds: groundswell publish, api.sink_status.

create table core.sink (
    stream text primary key,
    since timestamptz,
    keep_for interval not null default interval '3 days',
    most_waiting bigint not null default 50000000,
    depth integer not null default 100,
    given_up bigint not null default 0,
    constraint sink_stream_known check (stream in ('event', 'ranking')),
    constraint sink_keep_positive check (keep_for >= interval '1 minute'),
    constraint sink_most_waiting_positive check (most_waiting > 0),
    constraint sink_depth_positive check (depth between 1 and 10000)
);
comment on table core.sink is
    'What is published to Kafka. groundswell publish switches on what its settings name a topic '
    'for, and with --off both off; a DBA may change how much may wait.';
comment on column core.sink.stream is 'event: accepted events; ranking: changes in lists.';
comment on column core.sink.since is 'Since when it is on; null: it is off, and costs nothing.';
comment on column core.sink.keep_for is
    'What waits longer, as while the brokers are down, is given up.';
comment on column core.sink.most_waiting is
    'event: of more events than that, the oldest are given up. Each takes 16 bytes.';
comment on column core.sink.depth is 'ranking: how many places of a list are told of.';
comment on column core.sink.given_up is 'How many events were, since it was switched on.';
insert into core.sink (stream) values ('event'), ('ranking');
grant update on core.sink to groundswell_service;

create table core.outgoing (
    lane smallint not null, -- squawk-ignore prefer-bigint-over-smallint
    outgoing_id bigint generated always as identity,
    noted_at timestamptz not null,
    events integer not null,
    since timestamptz not null,
    until timestamptz not null,
    event_ids uuid[] not null,
    constraint outgoing_in_order primary key (lane, outgoing_id)
);
-- What has waited longest, and how much of it there is: read often, so without the ids.
create index outgoing_by_time on core.outgoing (noted_at) include (events);
-- Ids do not compress, so nobody is to try.
alter table core.outgoing alter column event_ids set storage external;
comment on table core.outgoing is
    'Events that are still to be published, one row a lane and transaction, written in the one '
    'that inserts them. Only their ids: what they say is read from core.event when they go out, '
    'so that nothing is stored twice, and what was erased meanwhile stays at home.';
comment on column core.outgoing.lane is 'core.sink_lane; an item''s events are all in one.';
comment on column core.outgoing.outgoing_id is 'Rises; in that order a lane is published.';
comment on column core.outgoing.noted_at is 'When they were accepted, the last of them.';
comment on column core.outgoing.events is 'How many they are.';
comment on column core.outgoing.since is 'When the first of them happened.';
comment on column core.outgoing.until is 'When the last of them happened.';
comment on column core.outgoing.event_ids is 'core.event, in the order to publish.';
grant insert, delete on core.outgoing to groundswell_service;

create table core.sink_lane (
    lane smallint primary key, -- squawk-ignore prefer-bigint-over-smallint
    batch bigint not null default 0,
    held_until timestamptz
) with (fillfactor = 50);
comment on table core.sink_lane is
    'Parts of what is to be published, each by one process at a time: 0 to 3 are events, by '
    'item_id, and 4 is rankings.';
comment on column core.sink_lane.lane is 'item_id modulo 4; 4: rankings.';
comment on column core.sink_lane.batch is 'Rises with each batch that somebody takes.';
comment on column core.sink_lane.held_until is
    'Until when whoever has taken the batch may publish it; null: nobody has.';
insert into core.sink_lane (lane) values (0), (1), (2), (3), (4);
grant update on core.sink_lane to groundswell_service;

create table core.sink_ranking (
    ranking_id integer primary key references core.ranking on delete cascade,
    run_id bigint,
    next_run_id bigint
);
comment on table core.sink_ranking is
    'How far changes in each ranking are published. The runs that it names are kept.';
comment on column core.sink_ranking.ranking_id is 'core.ranking.';
comment on column core.sink_ranking.run_id is
    'core.ranking_run whose lists readers of the topic have; null: none yet.';
comment on column core.sink_ranking.next_run_id is
    'The run that is being published: after a crash it must be that one again, or what readers '
    'have of it would stay for ever. Null: none is.';
grant insert, update, delete on core.sink_ranking to groundswell_service;

create table core.unpublished (
    event_id uuid primary key,
    occurred_at timestamptz not null,
    item_id bigint not null,
    noted_at timestamptz not null,
    reason text not null
);
comment on table core.unpublished is
    'Events that the brokers do not take, such as too large ones. api.retry_unpublished tries '
    'them again.';
comment on column core.unpublished.event_id is 'core.event.';
comment on column core.unpublished.occurred_at is 'When it happened.';
comment on column core.unpublished.item_id is 'core.item.';
comment on column core.unpublished.noted_at is 'When the brokers refused it.';
comment on column core.unpublished.reason is 'What they said.';
grant insert, update, delete on core.unpublished to groundswell_service;
