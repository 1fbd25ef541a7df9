-- The newest run of every enabled ranking.
-- Source: core.ranking_run. Feeds: the publisher.
create view api.latest_run as
select
    run.run_id,
    ranking.name as ranking,
    ranking."window",
    run.as_of,
    run.confirmed_at,
    run.finished_at
from core.ranking as ranking
cross join lateral (
    select
        newest.run_id,
        newest.as_of,
        newest.confirmed_at,
        newest.finished_at
    from core.ranking_run as newest
    where newest.ranking_id = ranking.ranking_id
    order by newest.as_of desc, newest.run_id desc
    limit 1
) as run
where ranking.enabled;

comment on view api.latest_run is 'The newest finished run of every enabled ranking.';
comment on column api.latest_run.run_id is 'Key of the run.';
comment on column api.latest_run.ranking is 'Name of the ranking.';
comment on column api.latest_run."window" is 'Window of the ranking.';
comment on column api.latest_run.as_of is 'The moment its scores hold for.';
comment on column api.latest_run.confirmed_at is
    'Up to when its order and counts are known to hold.';
comment on column api.latest_run.finished_at is 'When the snapshot was stored.';
grant select on api.latest_run to groundswell_service, groundswell_read;
