-- The editorial rules that hold for a ranking.
-- Source: core.editorial_rule. Feeds: api.arranged, api.edited, api.ranking_parameters.
-- Keeps: a rule holds from when it is made, so a run that began before follows it, too. Without
-- settings of its own, so that the planner puts it into the query.
create function api.rules_in_force(ranking core.ranking, as_of timestamptz)
returns setof core.editorial_rule
language sql stable rows 10
begin atomic
select rule.*
from core.editorial_rule as rule
where
    rule.lifted_at is null
    and (rule.ranking_id is null or rule.ranking_id = (ranking).ranking_id)
    and (rule.until is null or rule.until > rules_in_force.as_of);
end;

comment on function api.rules_in_force(core.ranking, timestamptz) is
    'Rules of a ranking or of all rankings that are neither lifted nor over at as_of.';
grant execute on function api.rules_in_force(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
