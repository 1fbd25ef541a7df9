-- What incremental scoring keeps: a queue of inserted events, decayed sums of each item in each
-- ranking, how far each ranking has come, and hot scores.
-- Source: the writer (in the transaction that inserts the events), then api.score_events.
-- Feeds: every formula.

create table core.score_feed (
    item_id bigint not null,
    occurred_at timestamptz not null,
    event_type core.event_type not null,
    count integer not null,
    seconds double precision,
    viewer bigint,
    user_id text
);

comment on table core.score_feed is
    'Events inserted but not yet scored. Written in the transaction that inserts the event and '
    'emptied in the one that scores it, so each counts exactly once. A backlog is scored in '
    'slices, the newest first.';
comment on column core.score_feed.user_id is
    'As in core.event, for the lists of users; erased with it.';
comment on column core.score_feed.item_id is 'core.item.';
comment on column core.score_feed.occurred_at is 'When it happened, as core.event says.';
comment on column core.score_feed.event_type is 'What happened.';
comment on column core.score_feed.count is 'How many such events.';
comment on column core.score_feed.seconds is 'Seconds watched by each of count.';
comment on column core.score_feed.viewer is 'As in core.event.';

-- The end of a backlog that is scored next, and what has left a window before it was scored. Events
-- come nearly in the order of time, so it costs an insert next to nothing.
create index score_feed_by_time on core.score_feed (occurred_at);
-- What stats of an item add to its windows, also while a history waits to be scored.
create index score_feed_by_item on core.score_feed (item_id);
-- What waits is another lot each time it is looked at: of a moment when one item's events waited,
-- statistics would say that there is one item, and every look for another's read the whole queue.
alter table core.score_feed alter column item_id set (n_distinct = -0.1);

grant insert on core.score_feed to groundswell_service;

create sequence core.score_set as integer;
comment on sequence core.score_set is 'Numbers the sets of sums in core.ranking_score.';

create table core.ranking_score (
    score_set integer not null,
    item_id bigint not null,
    decayed_to timestamptz not null,
    -- Side by side what changes with most events, which are views: of a row that is updated in its
    -- page, what lies between what has changed is logged.
    bound double precision not null,
    last_event_at timestamptz not null,
    views double precision not null,
    recent_views double precision not null,
    likes double precision not null,
    recent_likes double precision not null,
    comments double precision not null,
    recent_comments double precision not null,
    shares double precision not null,
    recent_shares double precision not null,
    watch_minutes double precision not null,
    recent_watch_minutes double precision not null,
    constraint ranking_score_one_per_item primary key (score_set, item_id)
) with (fillfactor = 80);

-- The top of a ranking: read from the highest bound down. What is far below all lists has no bound:
-- its row then has nothing new for an index, and an event rewrites it in its page.
create index ranking_score_by_bound on core.ranking_score (score_set, bound desc)
where bound > '-infinity';

comment on table core.ranking_score is
    'Forward-decayed counts of each item in each weighted_decay ranking. An idle item''s row is '
    'never rewritten: all of it fades by the same factor.';
comment on column core.ranking_score.score_set is
    'core.ranking_state: sums in use; core.recount: sums being made. All others are taken away.';
comment on column core.ranking_score.item_id is 'core.item.';
comment on column core.ranking_score.decayed_to is
    'The moment at which the sums have their value. It stays for some half-lives, in which what '
    'happens later counts more than once: so an event changes no sum but its own.';
comment on column core.ranking_score.last_event_at is
    'Its newest event that gave something: only that makes it active. -infinity: none did.';
comment on column core.ranking_score.views is 'Views, each halved every half_life.';
comment on column core.ranking_score.likes is 'Likes less unlikes, each halved every half_life.';
comment on column core.ranking_score.comments is
    'Comments less uncomments, each halved every half_life.';
comment on column core.ranking_score.shares is 'Shares, each halved every half_life.';
comment on column core.ranking_score.watch_minutes is
    'Minutes watched, each halved every half_life.';
comment on column core.ranking_score.recent_views is 'Views, each halved every recent_half_life.';
comment on column core.ranking_score.recent_likes is
    'Likes less unlikes, each halved every recent_half_life.';
comment on column core.ranking_score.recent_comments is
    'Comments less uncomments, each halved every recent_half_life.';
comment on column core.ranking_score.recent_shares is 'Shares, each halved every recent_half_life.';
comment on column core.ranking_score.recent_watch_minutes is
    'Minutes watched, each halved every recent_half_life.';
comment on column core.ranking_score.bound is
    'Upper bound of the score that holds at any later time, in log2 and forward in time: '
    'log2(score now) + seconds since 1970 / half-life, and a little more, so that not every event '
    'moves it. Comparable between items of a ranking. -infinity: without points, or below '
    'core.ranking_state.floor.';

create table core.ranking_state (
    ranking_id integer primary key references core.ranking on delete cascade,
    checked_at timestamptz not null,
    half_life interval,
    recent_half_life interval,
    content_type text,
    discount double precision,
    weights double precision[],
    took interval,
    entry_count integer,
    error text,
    alerts_from bigint,
    floor double precision not null default '-infinity',
    score_set integer
);

comment on table core.ranking_state is
    'How far each ranking has come, and the settings its scores were last computed with: where '
    'they differ from core.ranking, the next run recomputes what depends on them.';
comment on column core.ranking_state.ranking_id is 'core.ranking.';
comment on column core.ranking_state.checked_at is 'Up to when its schedule has been followed.';
comment on column core.ranking_state.half_life is
    'As in core.ranking; a change recounts the events.';
comment on column core.ranking_state.recent_half_life is
    'As in core.ranking; a change recounts the events.';
comment on column core.ranking_state.content_type is
    'As in core.ranking; a change recounts the events.';
comment on column core.ranking_state.discount is
    'As the option in core.ranking; a change recounts the events.';
comment on column core.ranking_state.weights is
    'View, like, comment, share and watch-minute weight of the bounds; null where the formula '
    'keeps no decayed sums.';
comment on column core.ranking_state.took is 'How long its last computation took.';
comment on column core.ranking_state.entry_count is
    'How many places the whole list of its last computation had.';
comment on column core.ranking_state.error is
    'Why its last computation failed and the snapshot before stays; null when all went well.';
comment on column core.ranking_state.alerts_from is
    'First run whose alerts could not be raised: the next run begins with it; null: none is.';
comment on column core.ranking_state.floor is
    'Bounds below this are kept as -infinity: what has such a bound may score up to the floor. '
    '-infinity: all bounds are known. Kept by api.raise_floors.';
comment on column core.ranking_state.score_set is
    'Its sums in core.ranking_score; null where the formula keeps none.';

create table core.recount (
    ranking_id integer primary key references core.ranking on delete cascade,
    score_set integer not null,
    half_life interval,
    recent_half_life interval,
    content_type text,
    discount double precision not null,
    counted_after timestamptz not null
);

comment on table core.recount is
    'Rankings whose sums are made anew from the events, because they are new or have other '
    'half-lives, another discount or another content type. Runs count them in slices, the newest '
    'events first; until then the sums before are in use.';
comment on column core.recount.ranking_id is 'core.ranking.';
comment on column core.recount.score_set is 'Where its sums grow, in core.ranking_score.';
comment on column core.recount.half_life is 'As in core.ranking when it began.';
comment on column core.recount.recent_half_life is 'As in core.ranking when it began.';
comment on column core.recount.content_type is 'As in core.ranking when it began.';
comment on column core.recount.discount is 'As the option in core.ranking when it began.';
comment on column core.recount.counted_after is
    'Events after this moment are in the sums; scoring adds those that come in late for it.';

create type core.score_drift as (
    is_gone boolean,
    stored core.ranking_score,
    correction core.ranking_score
);
comment on type core.score_drift is
    'Sums that differ from a recount: whether there is nothing to count, the row as it was, and '
    'what to add to it to be right, at any later moment. Its last_event_at is what that should be.';

create type core.window_drift as (
    is_gone boolean,
    stored core.item_window,
    correction core.item_window,
    begun integer
);
comment on type core.window_drift is
    'Counts in a window that differ from a recount: as core.score_drift; and which beginning of '
    'the window they are of (core.window_position).';

create table core.item_hot (
    item_id bigint primary key,
    hot_score double precision not null,
    hot_rank integer not null,
    is_hot boolean not null
-- A rank is in an index, so each change is a new row: in its page it is logged as what differs.
) with (fillfactor = 70);

-- The order of GET /items by hot rank; what it costs: docs/decisions/0010.
create index item_hot_by_rank on core.item_hot (hot_rank, item_id);

comment on table core.item_hot is
    'Hot score of each item with an event in the window of ranking hot, as of its last run.';
comment on column core.item_hot.item_id is 'core.item.';
comment on column core.item_hot.hot_score is 'Score of the minmax_hot formula, 0 to 1.';
comment on column core.item_hot.hot_rank is 'Place among all of them, from 1.';
comment on column core.item_hot.is_hot is 'Whether it is among the top fifth (option hotShare).';
