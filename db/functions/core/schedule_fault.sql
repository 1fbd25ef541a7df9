-- Why a schedule of five well-formed cron fields never comes, or null.
-- Source: crontab(5). Feeds: core.check_ranking.
-- Keeps: where both days are given either will do (api.ranking_due), so a weekday always comes.
create or replace function core.schedule_fault(schedule text)
returns text
language sql stable -- immutable would be tried on numbers that are refused before it
set search_path = pg_catalog
as $$
with piece as (
    select
        field.place,
        coalesce((part.found)[2]::integer, case when field.place in (3, 4) then 1 else 0 end) as low,
        case
            when (part.found)[3] is not null then (part.found)[3]::integer
            when (part.found)[2] is not null and (part.found)[4] is null
                then (part.found)[2]::integer
            else 59
        end as high,
        coalesce((part.found)[4]::integer, 1) as step
    from unnest(regexp_split_to_array(trim(schedule), '\s+')) with ordinality as field (text, place)
    cross join lateral unnest(string_to_array(field.text, ',')) as list (item)
    cross join lateral
        regexp_match(list.item, '^(\*|(\d+)(?:-(\d+))?)(?:/(\d+))?$') as part (found)
)

select
    case
        when exists (select from piece where piece.low > piece.high) then
            'a range that ends before it begins never comes; use two, such as 22-23,0-5'
        when split_part(regexp_replace(trim(schedule), '\s+', ' ', 'g'), ' ', 5) like '*%'
            and (select min(piece.low) from piece where piece.place = 3) > (
                select max(month.days)
                from unnest(array[31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
                    with ordinality as month (days, number)
                inner join piece
                    on
                        piece.place = 4
                        and month.number between piece.low and piece.high
                        and (month.number - piece.low) % piece.step = 0
            )
        then 'no month that it names has such a day'
    end
$$;

comment on function core.schedule_fault(text) is
    'Says why a well-formed schedule never comes; null where it does.';
grant execute on function core.schedule_fault(text) to groundswell_service;
