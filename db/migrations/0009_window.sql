-- The windows there are, the exact counts of each item in each of them, and where each begins now.
-- Source: this file; api.move_windows. Feeds: every formula, GET /items.

create table core.time_window (
    name text primary key,
    place integer not null,
    length interval,
    calendar_unit text,
    longer text references core.time_window,
    constraint time_window_place_unique unique (place),
    constraint time_window_moves_or_turns check (length is null or calendar_unit is null),
    constraint time_window_length_positive check (length > interval '0 seconds'),
    constraint time_window_calendar_unit_known check (calendar_unit in ('day', 'week', 'month'))
);
-- Removing a window asks which others are held against it.
create index time_window_by_longer on core.time_window (longer);

comment on table core.time_window is
    'The windows over which rankings count. Each has its partition of core.item_window.';
comment on column core.time_window.name is 'What core.ranking."window" names.';
comment on column core.time_window.place is 'Its place where all are listed, the shortest first.';
comment on column core.time_window.length is
    'How long a moving window is; null for the lifetime and for windows of the calendar. In hours, '
    'so that no clock change makes one longer.';
comment on column core.time_window.calendar_unit is
    'What a window of the calendar follows: day, week (from Monday) or month in the zone of '
    'core.calendar; null for all others.';
comment on column core.time_window.longer is
    'The next longer window, with whose rest breakout compares it; null: breakout has it not.';

insert into core.time_window (name, place, length, calendar_unit, longer)
values
('1h', 1, interval '1 hour', null, '24h'),
('24h', 2, interval '24 hours', null, '7d'),
('7d', 3, interval '168 hours', null, '30d'),
('30d', 4, interval '720 hours', null, null),
('all', 5, null, null, null),
('today', 6, null, 'day', null),
('week', 7, null, 'week', null),
('month', 8, null, 'month', null);

create table core.item_window (
    "window" text not null,
    item_id bigint not null,
    -- Side by side: of a row that is updated in its page, what lies between what has changed is
    -- logged, and most events are views.
    last_event_at timestamptz not null,
    views bigint not null,
    likes bigint not null,
    comments bigint not null,
    shares bigint not null,
    watch_seconds double precision not null,
    unlikes bigint not null default 0,
    uncomments bigint not null default 0,
    last_taken_at timestamptz not null default '-infinity',
    constraint item_window_one_per_item primary key ("window", item_id)
) partition by list ("window");

-- A partition a window: a formula over all active items of one window reads just those.
create table core.item_window_1h partition of core.item_window for values in ('1h')
with (fillfactor = 70);
create table core.item_window_24h partition of core.item_window for values in ('24h')
with (fillfactor = 70);
create table core.item_window_7d partition of core.item_window for values in ('7d')
with (fillfactor = 80);
create table core.item_window_30d partition of core.item_window for values in ('30d')
with (fillfactor = 80);
create table core.item_window_all partition of core.item_window for values in ('all')
with (fillfactor = 80);
create table core.item_window_today partition of core.item_window for values in ('today')
with (fillfactor = 80);
create table core.item_window_week partition of core.item_window for values in ('week')
with (fillfactor = 80);
create table core.item_window_month partition of core.item_window for values in ('month')
with (fillfactor = 80);

-- The orders of GET /items by lifetime counts; what they cost: docs/decisions/0010. That by views
-- is api.item_popularity's, too, which has items without a view.
create index item_window_all_by_views on core.item_window_all (views desc, item_id desc);
create index item_window_all_by_likes on core.item_window_all (likes desc, item_id desc)
where likes > 0;

comment on table core.item_window is
    'Exact counts of each item in each window, as of the last run. Events add to it once, and are '
    'taken out once or go with all of a calendar window when it turns, so its cost follows what '
    'comes and goes, not what is there.';
comment on column core.item_window."window" is
    '1h, 24h, 7d, 30d, all for the lifetime; today, week and month of the calendar.';
comment on column core.item_window.item_id is 'core.item.';
comment on column core.item_window.views is 'Views.';
comment on column core.item_window.likes is
    'Likes less unlikes; below 0 where more were taken back in it than given. Shown as at least 0.';
comment on column core.item_window.comments is 'Comments less uncomments, as likes.';
comment on column core.item_window.shares is 'Shares.';
comment on column core.item_window.watch_seconds is 'Seconds watched.';
comment on column core.item_window.last_event_at is
    'Its newest event that gave something: only that makes it active. -infinity: none did.';
comment on column core.item_window.unlikes is 'Likes taken back.';
comment on column core.item_window.uncomments is 'Comments taken back.';
comment on column core.item_window.last_taken_at is
    'Its newest event that took something back, until which the row must stay; -infinity: none.';

create table core.window_position (
    "window" text primary key,
    since timestamptz not null,
    zone text,
    turned_at timestamptz,
    wanted_since timestamptz,
    begun integer not null default 0
);

comment on table core.window_position is
    'Where each window begins now: what happened up to there is not in it, or no longer.';
comment on column core.window_position."window" is 'As in core.item_window.';
comment on column core.window_position.since is 'Events after this moment are in the window.';
comment on column core.window_position.zone is
    'Zone whose calendar the window follows; null for windows of a length.';
comment on column core.window_position.turned_at is
    'The run at which it last moved by more than a minute has: where it began anew, or went a '
    'slice of its way. Lists made before are not what they were. null: it has moved on steadily.';
comment on column core.window_position.wanted_since is
    'Where it is to begin: what is far away is reached in slices. null: where it does.';
comment on column core.window_position.begun is
    'How often it was emptied and begun anew: what was known of its counts before holds no more.';
