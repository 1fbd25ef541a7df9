-- Set the weights that rankings without their own use.
-- Source: groundswell migrate (GROUNDSWELL_WEIGHT_VIEW and its like). Feeds: core.default_weight.
-- Keeps: a metric that is absent or null keeps its weight; one that is the same writes nothing.
create function api.set_default_weights(weights jsonb)
returns table (metric text, weight double precision)
language sql volatile
begin atomic
update core.default_weight as stored
set weight = (given.value #>> '{}')::float8
from jsonb_each(weights) as given
where
    stored.metric = given.key
    and stored.weight is distinct from (given.value #>> '{}')::float8
    and jsonb_typeof(given.value) = 'number'
returning stored.metric, stored.weight;
end;

comment on function api.set_default_weights(jsonb) is
    'Takes an object of metric (view, like, comment, share, watch_minute) and points; answers what '
    'changed.';
