-- Every ranking, what it is, and how fresh.
-- Source: core.ranking, core.formula, core.ranking_run, api.newest_run.
-- Feeds: GET /analytics/rankings.
create view api.ranking_overview as
select
    ranking.name,
    ranking.formula,
    formula.description,
    ranking."window",
    ranking.subject,
    ranking.content_type,
    ranking.segments,
    ranking.size,
    ranking.schedule,
    ranking.zone,
    ranking.enabled,
    latest.run_id,
    latest.as_of,
    latest.confirmed_at,
    (
        select min(run.as_of)
        from core.ranking_run as run
        where run.ranking_id = ranking.ranking_id
    ) as kept_since
from core.ranking as ranking
inner join core.formula as formula on ranking.formula = formula.name
left join api.newest_run as latest on ranking.ranking_id = latest.ranking_id;

comment on view api.ranking_overview is 'Every ranking with its settings and its newest run. '
    'Stable.';
comment on column api.ranking_overview.name is 'Public name.';
comment on column api.ranking_overview.formula is 'How it scores.';
comment on column api.ranking_overview.description is 'The formula in one sentence.';
comment on column api.ranking_overview."window" is 'What is ranked had an event in this window.';
comment on column api.ranking_overview.subject is 'What is ranked: item, category or creator.';
comment on column api.ranking_overview.content_type is 'Only items of this type; null: all.';
comment on column api.ranking_overview.segments is 'By what it is also ranked in parts.';
comment on column api.ranking_overview.size is 'Most entries.';
comment on column api.ranking_overview.schedule is 'When it is computed, five cron fields.';
comment on column api.ranking_overview.zone is 'Time zone of the schedule.';
comment on column api.ranking_overview.enabled is 'Whether it is computed at all.';
comment on column api.ranking_overview.run_id is 'Its newest run; null before the first.';
comment on column api.ranking_overview.as_of is 'The moment the scores of that run hold for.';
comment on column api.ranking_overview.confirmed_at is
    'Up to when its order and counts are known to hold.';
comment on column api.ranking_overview.kept_since is
    'The moment of its oldest kept run; null before the first.';
grant select on api.ranking_overview to groundswell_service, groundswell_read;
