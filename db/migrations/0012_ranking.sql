-- Rankings as rows: a DBA adds or retunes one with a single statement. Which of them are daily.
-- Source: this file, then the DBA; daily zone: `groundswell migrate` (GROUNDSWELL_ZONE).
-- Feeds: api.run_rankings, POST /admin/rankings/refresh.

create table core.ranking (
    ranking_id integer generated always as identity primary key,
    name text not null,
    formula text not null default 'weighted_decay' references core.formula,
    "window" text not null default '24h',
    half_life interval,
    recent_half_life interval,
    view_weight double precision,
    like_weight double precision,
    comment_weight double precision,
    share_weight double precision,
    watch_minute_weight double precision,
    options jsonb not null default '{}',
    subject text not null default 'item',
    content_type text,
    segments text[] not null default '{}',
    size integer not null default 1000,
    segment_size integer not null default 100,
    schedule text not null default '* * * * *',
    zone text not null default 'UTC',
    redis_ttl interval not null default interval '1 day',
    enabled boolean not null default true,
    constraint ranking_name_unique unique (name)
);

create index ranking_by_formula on core.ranking (formula);

comment on table core.ranking is
    'One row a ranking. Insert, update or delete rows: live at the next run, within a minute. '
    'core.check_ranking says what is allowed.';
comment on column core.ranking.ranking_id is 'Internal key.';
comment on column core.ranking.name is 'Public name: lower case letters, digits, underscores.';
comment on column core.ranking.formula is 'How it scores: a name of core.formula.';
comment on column core.ranking."window" is
    '1h, 24h, 7d, 30d or all: what has no event in this window before the run is left out. Or '
    'today, week (from Monday) or month in the zone of core.calendar: a ranking over one of these '
    'is due, too, when it begins anew.';
comment on column core.ranking.half_life is
    'weighted_decay: after this time an event counts half; null: events never fade.';
comment on column core.ranking.recent_half_life is
    'weighted_decay: half-life of the second term that counts fresh events twice; null: none.';
comment on column core.ranking.view_weight is 'Points of one view; null: core.default_weight.';
comment on column core.ranking.like_weight is
    'Points of one like, taken back by an unlike; null: core.default_weight.';
comment on column core.ranking.comment_weight is
    'Points of one comment, taken back by an uncomment; null: core.default_weight.';
comment on column core.ranking.share_weight is 'Points of one share; null: core.default_weight.';
comment on column core.ranking.watch_minute_weight is
    'Points of one minute watched; null: core.default_weight.';
comment on column core.ranking.options is
    'Options of the formula that differ from core.formula.default_options.';
comment on column core.ranking.subject is
    'What is ranked: item; for top_count and breakout also category or creator.';
comment on column core.ranking.content_type is 'Only items of this content type; null: all.';
comment on column core.ranking.segments is
    'Besides the whole list, one list for each value of these: category, content_type, creator.';
comment on column core.ranking.size is 'Most entries of the whole list, at most 10,000.';
comment on column core.ranking.segment_size is 'Most entries of each segment''s list.';
comment on column core.ranking.schedule is 'When it is computed: five cron fields, in zone.';
comment on column core.ranking.zone is 'IANA time zone of the schedule.';
comment on column core.ranking.redis_ttl is
    'How long Redis keeps a snapshot that no newer one replaces.';
comment on column core.ranking.enabled is 'False stops it; the last snapshot stays.';

create table core.daily_ranking (
    ranking_id integer primary key references core.ranking on delete cascade,
    zone text not null default 'UTC'
);

comment on table core.daily_ranking is
    'The daily rankings: what POST /admin/rankings/refresh?group=daily computes, and whose zone '
    'follows GROUNDSWELL_ZONE. Insert the ranking_id of one of your own to let it do so, too.';
comment on column core.daily_ranking.ranking_id is 'core.ranking.';
comment on column core.daily_ranking.zone is
    'The zone that groundswell migrate gave it last; one that has another in core.ranking was '
    'given it by hand, and keeps it.';

-- Half-life is a third of the window and the recent term fades four times as fast: an item idle
-- for a whole window has kept an eighth of its score.
insert into core.ranking
(name, formula, "window", half_life, recent_half_life, segments)
values
('hot', 'minmax_hot', '24h', null, null, '{}'),
('trending_1h', 'weighted_decay', '1h', '20 minutes', '5 minutes', '{category,content_type}'),
('trending_24h', 'weighted_decay', '24h', '8 hours', '2 hours', '{category,content_type}'),
('trending_7d', 'weighted_decay', '7d', '56 hours', '14 hours', '{category,content_type}'),
('trending_30d', 'weighted_decay', '30d', '240 hours', '60 hours', '{category,content_type}'),
('trending_all', 'weighted_decay', 'all', null, '240 hours', '{category,content_type}'),
('breakout', 'breakout', '1h', null, null, '{}');

insert into core.ranking (name, formula, "window", subject, options, schedule)
values
('breakout_categories', 'breakout', '1h', 'category', '{}', '* * * * *'),
('top_viewed', 'top_count', '7d', 'item', '{"metric": "views"}', '0 * * * *'),
('top_liked', 'top_count', '7d', 'item', '{"metric": "likes"}', '0 * * * *'),
('top_commented', 'top_count', '7d', 'item', '{"metric": "comments"}', '0 * * * *'),
('top_creators', 'top_count', '7d', 'creator', '{"metric": "likes"}', '0 * * * *'),
('best_rated', 'wilson', 'all', 'item', '{}', '0 * * * *');

insert into core.ranking (name, formula, "window", subject, options, schedule)
select
    list.name || '_' || period.name,
    'top_count',
    period.name,
    list.subject,
    jsonb_build_object('metric', list.metric),
    '0 * * * *'
from (
    values
    (1, 'top_viewed', 'item', 'views'),
    (2, 'top_liked', 'item', 'likes'),
    (3, 'top_commented', 'item', 'comments'),
    (4, 'top_creators', 'creator', 'likes')
) as list (place, name, subject, metric)
cross join core.time_window as period
where period.calendar_unit is not null
order by list.place, period.place;

-- At two, most people sleep and the day before is whole. Two dozen hours in Redis, as long as until
-- the next run: the publisher brings back what ran out before it.
insert into core.ranking
(name, formula, "window", content_type, size, schedule, redis_ttl)
values
('hot_movie', 'minmax_hot', '24h', 'movie', 1000, '0 2 * * *', interval '24 hours'),
('hot_tv', 'minmax_hot', '24h', 'tv', 1000, '0 2 * * *', interval '24 hours'),
('hot_anime', 'minmax_hot', '24h', 'anime', 1000, '0 2 * * *', interval '24 hours'),
('score_movie', 'rating', 'all', 'movie', 1000, '0 2 * * *', interval '24 hours'),
('score_tv', 'rating', 'all', 'tv', 1000, '0 2 * * *', interval '24 hours'),
('score_anime', 'rating', 'all', 'anime', 1000, '0 2 * * *', interval '24 hours');

-- Of the types of the other six: what else a catalogue has is no film, series or anime.
insert into core.ranking
(name, formula, "window", options, size, schedule, redis_ttl)
values
(
    'top_100', 'rating', 'all', '{"contentTypes": ["movie", "tv", "anime"]}', 100, '0 2 * * *',
    interval '24 hours'
);

insert into core.daily_ranking (ranking_id)
select ranking.ranking_id
from core.ranking as ranking
where ranking.schedule = '0 2 * * *';
