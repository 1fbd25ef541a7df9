-- The scores of some items in a ranking, wherever they stand.
-- Source: the function named by core.ranking.formula. Feeds: api.edited, api.explain_score.
-- Keeps: no row for an item without a score. Where the formula is no sum over events, it is
-- computed for all items.
create function api.scores_of(
    ranking core.ranking, as_of timestamptz, item_ids bigint[], source text default 'index'
)
returns table (item_id bigint, score double precision, components double precision[])
language plpgsql stable
set jit = off
as $$
begin
    if ranking.formula = 'weighted_decay' and source <> 'events' then
        return query
        select scored.item_id, scored.score, scored.components
        from api.decayed_scores(ranking, scores_of.as_of, only_items => item_ids) as scored;
        return;
    end if;
    return query execute format(
        'select scored.item_id, scored.score, scored.components
        from %s($1, $2) as scored
        where scored.item_id = any($3)',
        case
            when ranking.formula = 'weighted_decay' then 'api.weighted_decay_recount'
            else coalesce(core.formula_function(ranking.formula), ranking.formula)
        end
    ) using ranking, as_of, item_ids;
end;
$$;

comment on function api.scores_of(core.ranking, timestamptz, bigint[], text) is
    'Score and components of some items at as_of; sources as for api.ranked.';
grant execute on function api.scores_of(core.ranking, timestamptz, bigint[], text)
to groundswell_service, groundswell_read;
