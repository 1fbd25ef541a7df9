-- migrate:up
-- Rankings as rows: a DBA adds or retunes one with a single statement.
-- Source: this file, then the DBA. Feeds: api.run_rankings.

create table core.ranking (
    ranking_id integer generated always as identity primary key,
    name text not null,
    formula text not null,
    "window" text not null,
    half_life interval,
    recent_half_life interval,
    view_weight double precision not null default 1,
    like_weight double precision not null default 5,
    comment_weight double precision not null default 3,
    share_weight double precision not null default 4,
    watch_minute_weight double precision not null default 0.1,
    content_type text,
    size integer not null default 1000,
    enabled boolean not null default true,
    constraint ranking_name_unique unique (name),
    constraint ranking_name_plain check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    constraint ranking_formula_known check (formula in ('weighted_decay')),
    constraint ranking_window_known check ("window" in ('1h', '24h', '7d', '30d', 'all')),
    constraint ranking_half_life_sensible check (
        half_life between interval '1 minute' and interval '10 years'
    ),
    constraint ranking_recent_half_life_shorter check (
        recent_half_life >= interval '1 minute'
        and (half_life is null or recent_half_life < half_life)
    ),
    constraint ranking_weights_sensible check (
        least(view_weight, like_weight, comment_weight, share_weight, watch_minute_weight) >= 0
        and greatest(
            view_weight, like_weight, comment_weight, share_weight, watch_minute_weight
        ) between 0.000001 and 1000000
    ),
    constraint ranking_size_sensible check (size between 1 and 10000)
);

comment on table core.ranking is
    'One row a ranking. Insert, update or delete rows: live at the next run, within a minute.';
comment on column core.ranking.ranking_id is 'Internal key.';
comment on column core.ranking.name is 'Public name: lower case letters, digits, underscores.';
comment on column core.ranking.formula is 'How items are scored: weighted_decay.';
comment on column core.ranking."window" is
    'Items without an event in this window before the run are left out: 1h, 24h, 7d, 30d or all.';
comment on column core.ranking.half_life is
    'After this time an event counts half; null: events never fade.';
comment on column core.ranking.recent_half_life is
    'Half-life of the second, faster term that counts fresh events twice; null: no such term.';
comment on column core.ranking.view_weight is 'Points of one view.';
comment on column core.ranking.like_weight is 'Points of one like; an unlike takes them back.';
comment on column core.ranking.comment_weight is 'Points of one comment.';
comment on column core.ranking.share_weight is 'Points of one share.';
comment on column core.ranking.watch_minute_weight is 'Points of one minute watched.';
comment on column core.ranking.content_type is 'Only items of this content type; null: all.';
comment on column core.ranking.size is 'Most entries of a snapshot, at most 10,000.';
comment on column core.ranking.enabled is 'False stops it; the last snapshot stays.';

-- Half-life is a third of the window and the recent term fades four times as fast: an item idle
-- for a whole window has kept an eighth of its score.
insert into core.ranking (name, formula, "window", half_life, recent_half_life)
values
('trending_1h', 'weighted_decay', '1h', interval '20 minutes', interval '5 minutes'),
('trending_24h', 'weighted_decay', '24h', interval '8 hours', interval '2 hours'),
('trending_7d', 'weighted_decay', '7d', interval '56 hours', interval '14 hours'),
('trending_30d', 'weighted_decay', '30d', interval '240 hours', interval '60 hours'),
('trending_all', 'weighted_decay', 'all', null, interval '240 hours');

-- migrate:down
drop table core.ranking;
