-- Set the weights that rankings without their own use.
-- Source: groundswell migrate (GROUNDSWELL_WEIGHT_VIEW and its like). Feeds: core.default_weight.
-- Keeps: a metric that is absent or null gets back the weight that Groundswell comes with, if it
-- had another one from the environment, and else keeps what a DBA gave it. What is the same writes
-- nothing.
create function api.set_default_weights(weights jsonb)
returns table (metric text, weight double precision)
language sql volatile
begin atomic
with noted as (
    update core.default_weight as stored
    set weight = wanted.weight, is_of_environment = wanted.is_of_environment
    from (
        select
            known.metric,
            known.weight as old_weight,
            given.weight is not null as is_of_environment,
            coalesce(
                given.weight,
                case when known.is_of_environment then known.shipped_weight else known.weight end
            ) as weight
        from core.default_weight as known
        cross join lateral (select (weights ->> known.metric)::float8 as weight) as given
    ) as wanted
    where
        stored.metric = wanted.metric
        and (stored.weight, stored.is_of_environment)
        <> (wanted.weight, wanted.is_of_environment)
    returning stored.metric, stored.weight, wanted.old_weight
)

select
    noted.metric,
    noted.weight
from noted
where noted.weight <> noted.old_weight;
end;

comment on function api.set_default_weights(jsonb) is
    'Takes an object of metric (view, like, comment, share, watch_minute) and points; answers what '
    'changed.';
