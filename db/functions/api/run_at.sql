-- The run of a ranking that was the newest one at a moment.
-- Source: core.ranking_run. Feeds: GET /analytics/rankings/{name}?asOf=.
create function api.run_at(ranking_name text, as_of timestamptz)
returns table (
    run_id bigint, "window" text, as_of timestamptz, confirmed_at timestamptz, subject text
)
language sql stable
begin atomic
select
    run.run_id,
    run.parameters ->> 'window',
    run.as_of,
    run.confirmed_at,
    run.parameters ->> 'subject'
from core.ranking_run as run
inner join core.ranking as ranking on run.ranking_id = ranking.ranking_id
where
    ranking.name = run_at.ranking_name
    and run.as_of <= run_at.as_of
order by run.as_of desc, run.run_id desc
limit 1;
end;

comment on function api.run_at(text, timestamptz) is
    'The newest run at that moment; no row if there was none, or it is no longer kept.';
grant execute on function api.run_at(text, timestamptz)
to groundswell_service, groundswell_read;
