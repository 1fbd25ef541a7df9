-- migrate:up
-- Calendar windows (today, this week, this month, in one zone), the top lists over them, and how
-- each ranking's last computation went.
-- Source: this file; zone: `groundswell migrate` (GROUNDSWELL_ZONE) or the DBA.
-- Feeds: api.turn_calendar_windows, api.run_rankings.

create table core.calendar (
    only_row boolean not null default true,
    zone text not null default 'UTC',
    constraint calendar_one_row primary key (only_row),
    constraint calendar_only_row_true check (only_row)
);

comment on table core.calendar is
    'The zone whose days, weeks (from Monday) and months the calendar windows follow: one row. A '
    'change recounts those windows and their rankings at the next run, within a minute.';
comment on column core.calendar.only_row is 'True: there is one row.';
comment on column core.calendar.zone is 'IANA time zone, such as Europe/Berlin.';

insert into core.calendar default values;

create function core.check_calendar_row()
returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    if not exists (select from pg_timezone_names as known where known.name = new.zone) then
        raise exception using
            errcode = 'check_violation',
            message = format('zone %L is no IANA time zone, such as Europe/Berlin', new.zone),
            constraint = 'calendar_zone_known',
            schema = 'core',
            table = 'calendar';
    end if;
    return new;
end;
$$;
comment on function core.check_calendar_row() is
    'Raises check_violation for a zone that PostgreSQL does not know.';

create trigger calendar_zone_known
before insert or update on core.calendar
for each row execute function core.check_calendar_row();

create table core.item_window_today partition of core.item_window for values in ('today')
with (fillfactor = 80);
create table core.item_window_week partition of core.item_window for values in ('week')
with (fillfactor = 80);
create table core.item_window_month partition of core.item_window for values in ('month')
with (fillfactor = 80);

comment on table core.item_window is
    'Exact counts of each item in each window, as of the last run. Events add to it once, and are '
    'taken out once or go with all of a calendar window when it turns, so its cost follows what '
    'comes and goes, not what is there.';
comment on column core.item_window."window" is
    '1h, 24h, 7d, 30d, all for the lifetime; today, week and month while an enabled ranking has '
    'them.';

alter table core.window_position add column zone text;
alter table core.window_position add column turned_at timestamptz;

comment on table core.window_position is
    'Where each window begins now: what happened up to there is not in it, or no longer.';
comment on column core.window_position.zone is
    'Zone whose calendar the window follows; null for windows that move on steadily.';
comment on column core.window_position.turned_at is
    'The run at which a calendar window began anew; null for windows that move on steadily.';

comment on column core.ranking."window" is
    '1h, 24h, 7d, 30d or all: what has no event in this window before the run is left out. Or '
    'today, week (from Monday) or month in the zone of core.calendar: a ranking over one of these '
    'is due, too, when it begins anew.';

alter table core.ranking_state add column took interval;
alter table core.ranking_state add column entry_count integer;
alter table core.ranking_state add column error text;

comment on column core.ranking_state.took is 'How long its last computation took.';
comment on column core.ranking_state.entry_count is
    'How many places the whole list of its last computation had.';
comment on column core.ranking_state.error is
    'Why its last computation failed and the snapshot before stays; null when all went well.';

-- As in 0009, with the calendar windows.
create or replace function core.check_ranking(ranking core.ranking)
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
        when ranking."window" not in (
            '1h', '24h', '7d', '30d', 'all', 'today', 'week', 'month'
        ) then format(
            'window %L is unknown: use one of 1h, 24h, 7d, 30d, all, today, week, month',
            ranking."window"
        )
        when ranking.formula = 'weighted_decay'
            and ranking."window" in ('today', 'week', 'month')
        then format(
            'window %s: weighted_decay fades from moment to moment; use 1h, 24h, 7d, 30d or all',
            ranking."window"
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

insert into core.ranking (name, formula, "window", subject, options, schedule)
select
    list.name || '_' || period."window",
    'top_count',
    period."window",
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
cross join (values (1, 'today'), (2, 'week'), (3, 'month')) as period (place, "window")
order by list.place, period.place
on conflict on constraint ranking_name_unique do nothing;

-- migrate:down
delete from core.ranking
where "window" in ('today', 'week', 'month');
-- squawk-ignore ban-drop-column
alter table core.ranking_state drop column error, drop column entry_count, drop column took;
-- squawk-ignore ban-drop-column
alter table core.window_position drop column turned_at, drop column zone;
drop table core.item_window_month;
drop table core.item_window_week;
drop table core.item_window_today;
drop table core.calendar;
drop function core.check_calendar_row();
