-- The settings a run of a ranking is computed under: its row, and the weights in force.
-- Source: core.ranking, core.default_weight. Feeds: core.ranking_run.parameters.
-- Keeps: settings that are equal here give the same scores; where they differ, the next run is due.
create function api.ranking_parameters(ranking core.ranking)
returns jsonb
language sql stable parallel safe
return to_jsonb(ranking) || jsonb_build_object('weights', to_jsonb(api.ranking_weights(ranking)));

comment on function api.ranking_parameters(core.ranking) is
    'The ranking''s row as an object, with its five weights, defaults filled in, as weights.';
grant execute on function api.ranking_parameters(core.ranking)
to groundswell_service, groundswell_read;
