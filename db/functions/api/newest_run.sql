-- The newest run of every ranking, enabled or not.
-- Source: core.ranking, core.ranking_run. Feeds: api.latest_run, api.ranking_overview,
-- api.run_ranking, api.run_rankings.
-- Keeps: one look into an index for each ranking asked about, however many runs are kept: what is
-- asked is known before the look, as ranking_id is that of core.ranking. The columns are those of
-- core.ranking_run, in their order.
create view api.newest_run as
select
    run.run_id,
    ranking.ranking_id,
    run.as_of,
    run.confirmed_at,
    run.finished_at,
    run.parameters,
    run.print
from core.ranking as ranking
cross join lateral (
    select newest.*
    from core.ranking_run as newest
    where newest.ranking_id = ranking.ranking_id
    order by newest.as_of desc, newest.run_id desc
    limit 1
) as run;

comment on view api.newest_run is 'The newest finished run of every ranking that has one.';
comment on column api.newest_run.run_id is 'Key of the run.';
comment on column api.newest_run.ranking_id is 'core.ranking.';
comment on column api.newest_run.as_of is 'The moment its scores hold for.';
comment on column api.newest_run.confirmed_at is
    'Up to when its order and counts are known to hold.';
comment on column api.newest_run.finished_at is 'When the snapshot was stored.';
comment on column api.newest_run.parameters is 'The row of core.ranking as it was.';
comment on column api.newest_run.print is 'Digest of order and counts.';
grant select on api.newest_run to groundswell_service, groundswell_read;
