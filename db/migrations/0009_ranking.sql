-- migrate:up
-- Rankings as rows: a DBA adds or retunes one with a single statement.
-- Source: this file, then the DBA. Feeds: api.run_rankings.

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
    '1h, 24h, 7d, 30d or all: what has no event in this window before the run is left out.';
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

-- Nonsense is refused in words that say what is allowed, which a check constraint cannot. A
-- function of its own, so that a dry run of changed settings is held to the same rules.
create function core.check_ranking(ranking core.ranking)
returns void
language plpgsql stable
set search_path = pg_catalog
as $$
declare
    formula core.formula;
    option record;
    fault text;
begin
    select known.* into formula from core.formula as known where known.name = ranking.formula;
    fault := case
        when formula.name is null then format(
            'formula %L is unknown: use one of %s', ranking.formula,
            (select string_agg(known.name, ', ' order by known.name) from core.formula as known)
        )
        when ranking.name !~ '^[a-z][a-z0-9_]{0,62}$' then format(
            'name %L: use up to 63 lower case letters, digits and underscores, a letter first',
            ranking.name
        )
        when ranking."window" not in ('1h', '24h', '7d', '30d', 'all') then format(
            'window %L is unknown: use one of 1h, 24h, 7d, 30d, all', ranking."window"
        )
        when ranking.half_life not between interval '1 minute' and interval '10 years' then format(
            'half_life %s: use 1 minute to 10 years, or null for no fading', ranking.half_life
        )
        when ranking.recent_half_life < interval '1 minute'
            or ranking.recent_half_life >= coalesce(ranking.half_life, interval '10 years')
        then format(
            'recent_half_life %s: use 1 minute or more, less than half_life, or null for none',
            ranking.recent_half_life
        )
        when ranking.formula <> 'weighted_decay'
            and (ranking.half_life is not null or ranking.recent_half_life is not null)
        then format('half_life and recent_half_life belong to weighted_decay, not to %s',
            ranking.formula)
        when least(
                ranking.view_weight, ranking.like_weight, ranking.comment_weight,
                ranking.share_weight, ranking.watch_minute_weight, 0
            ) < 0
            or greatest(
                ranking.view_weight, ranking.like_weight, ranking.comment_weight,
                ranking.share_weight, ranking.watch_minute_weight, 0
            ) > 1000000
        then 'weights: use 0 to 1000000 points, or null for the default'
        when 0 = all (array[
                ranking.view_weight, ranking.like_weight, ranking.comment_weight,
                ranking.share_weight, ranking.watch_minute_weight
            ])
        then 'weights: at least one must be above 0'
        when ranking.subject not in ('item', 'category', 'creator') then format(
            'subject %L is unknown: use one of item, category, creator', ranking.subject
        )
        when ranking.subject <> 'item' and ranking.formula not in ('top_count', 'breakout') then
            format('subject %s needs formula top_count or breakout', ranking.subject)
        when ranking.subject <> 'item' and ranking.segments <> '{}' then
            format('segments need subject item, not %s', ranking.subject)
        when not ranking.segments <@ '{category,content_type,creator}' then format(
            'segments %s: use some of category, content_type, creator', ranking.segments
        )
        when ranking.size not between 1 and 10000 then format(
            'size %s: use 1 to 10000', ranking.size
        )
        when ranking.segment_size not between 1 and 1000 then format(
            'segment_size %s: use 1 to 1000', ranking.segment_size
        )
        when ranking.formula = 'breakout' and ranking."window" not in ('1h', '24h', '7d') then
            'window: breakout compares 1h, 24h or 7d with the next longer window'
        when ranking.redis_ttl not between interval '1 minute' and interval '90 days' then format(
            'redis_ttl %s: use 1 minute to 90 days', ranking.redis_ttl
        )
        when ranking.zone <> 'UTC' and not exists (
            select 1 from pg_timezone_names as known where known.name = ranking.zone
        ) then format('zone %L is no IANA time zone, such as Europe/Berlin', ranking.zone)
        when ranking.schedule !~ (
            '^\s*' || repeat('(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?(,(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?)*\s+', 4)
            || '(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?(,(\*|[0-9]+(-[0-9]+)?)(/[0-9]+)?)*\s*$'
        ) then format(
            'schedule %L: use five cron fields of numbers, *, lists, ranges and steps',
            ranking.schedule
        )
        when exists (
            select 1
            from unnest(regexp_split_to_array(trim(ranking.schedule), '\s+'))
                with ordinality as field (text, place)
            inner join (
                values (1, 0, 59), (2, 0, 23), (3, 1, 31), (4, 1, 12), (5, 0, 7)
            ) as allowed (place, least, most) on field.place = allowed.place
            cross join lateral regexp_matches(field.text, '(/?)([0-9]+)', 'g') as number (part)
            where
                case
                    when (number.part)[1] = '/' then (number.part)[2]::numeric not between 1 and 59
                    else
                        (number.part)[2]::numeric not between allowed.least and allowed.most
                end
        ) then format(
            'schedule %L: use minutes 0-59, hours 0-23, days 1-31, months 1-12, weekdays 0-7 and '
            'steps 1-59', ranking.schedule
        )
        when jsonb_typeof(ranking.options) <> 'object' then 'options must be an object'
    end;

    for option in
        select
            given.key,
            given.value,
            formula.default_options -> given.key as default_value
        from jsonb_each(case when fault is null then ranking.options else '{}' end) as given
    loop
        fault := coalesce(fault, case
            when option.default_value is null then format(
                'option %L is not one of %s''s: %s', option.key, formula.name,
                coalesce(
                    (
                        select string_agg(known.key, ', ' order by known.key)
                        from jsonb_each(formula.default_options) as known
                    ),
                    'it has none'
                )
            )
            when option.key = 'metric' and not coalesce(
                option.value #>> '{}'
                in ('views', 'likes', 'comments', 'shares', 'watch_seconds'), false
            ) then format(
                'option metric %s: use one of views, likes, comments, shares, watch_seconds',
                option.value
            )
            when option.key <> 'metric' and (
                jsonb_typeof(option.value) <> 'number'
                or (option.value #>> '{}')::numeric not between 0 and 1000000
            ) then format('option %s: use a number from 0 to 1000000', option.key)
        end);
    end loop;

    if fault is not null then
        raise exception using
            errcode = 'check_violation',
            message = format('ranking %s: %s', ranking.name, fault),
            constraint = 'ranking_sensible',
            schema = 'core',
            table = 'ranking';
    end if;
end;
$$;
comment on function core.check_ranking(core.ranking) is
    'Raises check_violation, saying what is allowed, for settings that make no sense.';

create function core.check_ranking_row()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    perform core.check_ranking(new);
    return new;
end;
$$;
comment on function core.check_ranking_row() is 'Holds every row to core.check_ranking.';

create trigger ranking_sensible
before insert or update on core.ranking
for each row execute function core.check_ranking_row();

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

-- migrate:down
drop table core.ranking cascade;
drop function core.check_ranking_row();
