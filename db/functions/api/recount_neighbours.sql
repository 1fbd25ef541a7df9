-- Have all pairs counted anew: after an import of history, or where the policy has changed.
-- Source: a DBA. Feeds: core.item_neighbour, core.neighbour_progress.
-- Keeps: api.count_neighbours does the counting from its next run on; until then there are fewer
-- recommendations, and trending in their place.
create function api.recount_neighbours()
returns void
language sql volatile
begin atomic
update core.neighbour_progress as progress set counted_to = null;
delete from core.item_neighbour;
end;

comment on function api.recount_neighbours() is
    'Forgets all pairs; the next runs of the job count those of core.recommendation_policy.history '
    'anew. '
    'Stable.';
