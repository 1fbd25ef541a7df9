-- Since when there is something to export; null where there is nothing.
select
    case %(level)s::text
        when 'event'
            then (
                select event.occurred_at from core.event as event order by event.occurred_at limit 1
            )
        when '1m' then (select min(minute.bucket) from agg.engagement_1m as minute)
        when '15m' then (select min(quarter.bucket) from agg.engagement_15m as quarter)
        else (select min(day.bucket) from agg.engagement_1d as day)
    end as since
