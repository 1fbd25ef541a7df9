-- Every run whose snapshot is still kept.
-- Source: core.ranking_run. Feeds: GET /analytics/rankings/{name}, cursors.
create view api.stored_run as
select
    run.run_id,
    ranking.name as ranking,
    run.parameters ->> 'window' as "window",
    run.as_of,
    run.confirmed_at,
    array(select jsonb_array_elements_text(run.parameters -> 'segments')) as segments,
    run.parameters ->> 'subject' as subject
from core.ranking_run as run
inner join core.ranking as ranking on run.ranking_id = ranking.ranking_id;

comment on view api.stored_run is 'Every run whose snapshot is still kept, with what it ranked.';
comment on column api.stored_run.run_id is 'Key of the run.';
comment on column api.stored_run.ranking is 'Name of the ranking.';
comment on column api.stored_run."window" is 'Window of the ranking then.';
comment on column api.stored_run.as_of is 'The moment its scores hold for.';
comment on column api.stored_run.confirmed_at is
    'Up to when its order and counts are known to hold.';
comment on column api.stored_run.segments is 'By what it was also ranked in parts.';
comment on column api.stored_run.subject is 'What was ranked: item, category or creator.';
grant select on api.stored_run to groundswell_service, groundswell_read;
