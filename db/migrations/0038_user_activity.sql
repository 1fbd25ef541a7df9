-- How much each user does, in the windows of the lists of users, and who may read those lists.
-- Source: api.count_activity. Feeds: GET /analytics/top/users.

create table core.activity_policy (
    only_row boolean primary key default true,
    readers text not null default 'nobody',
    at_once integer not null default 300000,
    constraint activity_policy_one_row check (only_row),
    constraint activity_policy_at_once_positive check (at_once > 0),
    constraint activity_policy_readers_known check (readers in ('nobody', 'admin', 'all'))
);

comment on table core.activity_policy is
    'Whether users are counted and listed: one row. What people do is their own, so nothing is, '
    'unless a DBA says so.';
comment on column core.activity_policy.only_row is 'True: there is one row.';
comment on column core.activity_policy.readers is
    'Who may read the lists of users: nobody (nothing is counted either, and what was counted goes '
    'at the next run), admin (who has an admin key), all (who may read other lists).';
comment on column core.activity_policy.at_once is
    'How many events of each window a run counts at most where it is to be counted anew, as at the '
    'beginning; rankings wait for it.';

insert into core.activity_policy default values;

create table core.user_window (
    "window" text not null references core.time_window,
    user_id text not null,
    actions bigint not null,
    constraint user_window_one_per_user primary key ("window", user_id)
) with (fillfactor = 80);

-- The most active first; of equal counts, the name that sorts first.
create index user_window_by_actions
on core.user_window ("window", actions desc, user_id collate "C");

comment on table core.user_window is
    'What each user has done in each window as of the last run, where users are counted.';
comment on column core.user_window."window" is 'core.time_window: 7d, today, week or month.';
comment on column core.user_window.user_id is 'As in core.event.';
comment on column core.user_window.actions is
    'Views, likes, comments and shares, less what was taken back; below 0 where more was taken '
    'back in it than done.';
-- Who did what is nothing to dashboards.
revoke select on core.user_window from groundswell_read;

create table core.user_window_position (
    "window" text primary key references core.time_window,
    since timestamptz not null,
    begun integer not null default 0
);

comment on table core.user_window_position is
    'Since when each window of users is counted; without a row the next runs count it anew.';
comment on column core.user_window_position."window" is 'As in core.user_window.';
comment on column core.user_window_position.since is 'Events after this moment are in the window.';
comment on column core.user_window_position.begun is
    'As in core.window_position when it was counted: where that differs, it begins anew, too.';
