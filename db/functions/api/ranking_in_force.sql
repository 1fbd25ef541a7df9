-- A ranking with the settings that its sums are kept with now.
-- Source: core.ranking_state. Feeds: api.run_rankings, api.refresh_rankings, api.reconcile,
-- api.explain_score, api.bound_scores.
-- Keeps: until a recount is whole, a list is of the half-lives, the content type and the discount
-- before.
create function api.ranking_in_force(ranking core.ranking)
returns core.ranking
language plpgsql stable
as $$
declare
    state core.ranking_state;
begin
    select known.* into state
    from core.ranking_state as known
    where known.ranking_id = ranking.ranking_id and known.weights is not null;
    if found then
        ranking.half_life := state.half_life;
        ranking.recent_half_life := state.recent_half_life;
        ranking.content_type := state.content_type;
        -- Only where it differs: what a run is computed under is held against the row.
        if api.ranking_discount(ranking) <> state.discount then
            ranking.options := ranking.options || jsonb_build_object('discount', state.discount);
        end if;
    end if;
    return ranking;
end;
$$;

comment on function api.ranking_in_force(core.ranking) is
    'The ranking with the half-lives, the content type and the discount of its sums; as it is '
    'where it has none.';
grant execute on function api.ranking_in_force(core.ranking)
to groundswell_service, groundswell_read;
