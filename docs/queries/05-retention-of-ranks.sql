-- Retention of ranks: how many of the first ten were still among them a day later, day by day.
with daily as (
    select distinct on (date_trunc('day', as_of)) date_trunc('day', as_of) as day, as_of
    from api.stored_run
    where ranking = 'trending_24h' and as_of >= now() - interval '14 days'
    order by date_trunc('day', as_of), as_of desc
),

place as (
    select daily.day, history.content_type, history.content_id
    from daily
    inner join api.rank_history as history
        on history.ranking = 'trending_24h' and daily.as_of = history.as_of
    where history.rank <= 10
)

select first.day, count(*) as listed, count(next.day) as still_there
from place as first
left join place as next
    on
        first.content_type = next.content_type
        and first.content_id = next.content_id
        and first.day + interval '1 day' = next.day
group by first.day
order by first.day;
