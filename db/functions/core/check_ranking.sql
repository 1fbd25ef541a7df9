-- Refuse settings of a ranking that make no sense, in words that say what is allowed, which a check
-- constraint cannot.
-- Source: core.ranking, core.formula, core.time_window. Feeds: core.check_ranking_row,
-- api.preview_ranking.
-- Keeps: a dry run of changed settings is held to the same rules as a row.
create or replace function core.check_ranking(ranking core.ranking)
returns void
language plpgsql stable
set search_path = pg_catalog
as $$
declare
    formula core.formula;
    spanned core.time_window;
    option record;
    fault text;
begin
    select known.* into formula from core.formula as known where known.name = ranking.formula;
    select known.* into spanned
    from core.time_window as known where known.name = ranking."window";
    fault := case
        when formula.name is null then format(
            'formula %L is unknown: use one of %s', ranking.formula,
            (select string_agg(known.name, ', ' order by known.name) from core.formula as known)
        )
        -- A migration may bring a ranking before the functions are replaced.
        when ranking.enabled
            and core.formula_function(ranking.formula) is null
            and current_setting('groundswell.migrating', true) is distinct from 'on'
        then format(
            'formula %s: write the function formula.%I(core.ranking, timestamptz) first',
            ranking.formula, ranking.formula
        )
        when ranking.name !~ '^[a-z][a-z0-9_]{0,62}$' then format(
            'name %L: use up to 63 lower case letters, digits and underscores, a letter first',
            ranking.name
        )
        when spanned.name is null then format(
            'window %L is unknown: use one of %s', ranking."window",
            (select string_agg(known.name, ', ' order by known.place) from core.time_window as known)
        )
        when ranking.formula = 'weighted_decay' and spanned.calendar_unit is not null then format(
            'window %s: weighted_decay fades from moment to moment; use %s', ranking."window",
            core.alternatives(array(
                select known.name from core.time_window as known
                where known.calendar_unit is null
                order by known.place
            ))
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
        when not ranking.segments <@ '{category,content_type,creator,language}' then format(
            'segments %s: use some of category, content_type, creator, language', ranking.segments
        )
        when ranking.size not between 1 and 10000 then format(
            'size %s: use 1 to 10000', ranking.size
        )
        when ranking.segment_size not between 1 and 1000 then format(
            'segment_size %s: use 1 to 1000', ranking.segment_size
        )
        when ranking.formula = 'breakout' and spanned.longer is null then format(
            'window: breakout compares %s with the next longer window',
            core.alternatives(array(
                select known.name from core.time_window as known
                where known.longer is not null
                order by known.place
            ))
        )
        when ranking.redis_ttl not between interval '1 minute' and interval '90 days' then format(
            'redis_ttl %s: use 1 minute to 90 days', ranking.redis_ttl
        )
        when not core.is_zone(ranking.zone) then format('zone %L is no IANA time zone, such as Europe/Berlin', ranking.zone)
        when length(ranking.schedule) > 200 then 'schedule: use at most 200 characters'
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
        when core.schedule_fault(ranking.schedule) is not null then format(
            'schedule %L: %s', ranking.schedule, core.schedule_fault(ranking.schedule)
        )
        when jsonb_typeof(ranking.options) <> 'object' then 'options must be an object'
    end;

    for option in
        select
            given.key,
            given.value,
            formula.default_options -> given.key as default_value,
            coalesce(allowed.least, 0) as least,
            coalesce(allowed.most, 1000000) as most
        from jsonb_each(case when fault is null then ranking.options else '{}' end) as given
        -- Beyond these a formula divides by nothing, overflows or knows no best any more.
        left join (
            values
            ('hotShare', 0, 1), ('discount', 0, 1), ('lambda', 0, 1000), ('z', 0, 10), ('seconds', 0, 1000000),
            ('pointsExponent', 0, 10), ('ageExponent', 0, 10), ('scale', 0.001, 1000000)
        ) as allowed (name, least, most) on given.key = allowed.name
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
            when option.key = 'contentTypes' and not coalesce(
                case jsonb_typeof(option.value)
                    when 'array' then not exists (
                        select 1
                        from jsonb_array_elements(option.value) as named (type)
                        where
                            jsonb_typeof(named.type) <> 'string'
                            or length(named.type #>> '{}') not between 1 and 200
                    )
                end, false
            ) then 'option contentTypes: use an array of content types, such as ["movie", "tv"]'
            when option.key not in ('metric', 'contentTypes') and (
                jsonb_typeof(option.value) <> 'number'
                or (option.value #>> '{}')::numeric not between option.least and option.most
            ) then format(
                'option %s: use a number from %s to %s', option.key, option.least, option.most
            )
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
grant execute on function core.check_ranking(core.ranking) to groundswell_service;
