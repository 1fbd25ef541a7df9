-- The settings a run of a ranking is computed under: its row, the weights and the rules in force.
-- Source: core.ranking, core.default_weight, api.rules_in_force, core.editorial_review.
-- Feeds: core.ranking_run.parameters.
-- Keeps: settings that are equal here give the same lists; where they differ, the next run is due.
create function api.ranking_parameters(ranking core.ranking, as_of timestamptz default now())
returns jsonb
language sql stable parallel safe
return to_jsonb(ranking) || jsonb_build_object('weights', to_jsonb(api.ranking_weights(ranking)))
|| coalesce(
    (
        select
            jsonb_build_object('rules', jsonb_agg(rule.rule_id order by rule.rule_id))
            || case when bool_or(rule.kind = 'hold') then (
                select
                    jsonb_build_object(
                        'reviews', jsonb_build_array(count(*), max(review.decided_at))
                    )
                from core.editorial_review as review
                where
                    review.ranking_id = (ranking).ranking_id
                    and review.is_approved is not null
            ) else '{}' end
        from api.rules_in_force(ranking, as_of) as rule
        having count(*) > 0
    ),
    '{}'
);

comment on function api.ranking_parameters(core.ranking, timestamptz) is
    'The ranking''s row as an object, with its five weights, defaults filled in, as weights, and '
    'the rules that hold for it, if any, as rules, and how far reviews have come.';
grant execute on function api.ranking_parameters(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
