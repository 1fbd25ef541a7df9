-- What the score of one item is made of now, component by component.
-- Source: api.scores_of, api.last_hour_points.
-- Feeds: GET /analytics/rankings/{name}/items/{id}.
-- Keeps: the points of a weighted_decay item add up to its score, also for items below the list's
-- end. last_hour is what the events of the last 60 minutes contribute to them; null
-- for formulas that are not sums over events. No row for an item without a score.
create function api.explain_score(
    ranking_name text, content_type text, external_id text, as_of timestamptz
)
returns table (
    component text,
    value double precision,
    weight double precision,
    half_life interval,
    last_hour double precision,
    score double precision
)
language plpgsql stable
set jit = off
as $$
declare
    ranking core.ranking;
    formula core.formula;
    wanted bigint;
    found_score double precision;
    found_components double precision [];
    hour_points double precision [];
    weights double precision [];
begin
    select r.* into ranking from core.ranking as r where r.name = ranking_name;
    ranking := api.ranking_in_force(ranking);
    select f.* into formula from core.formula as f where f.name = ranking.formula;
    select item.item_id into wanted
    from core.item
    where
        item.content_type = explain_score.content_type
        and item.external_id = explain_score.external_id;

    select scored.score, scored.components into found_score, found_components
    from api.scores_of(ranking, explain_score.as_of, array[wanted]) as scored;
    if found_score is null then
        return;
    end if;

    if ranking.formula = 'weighted_decay' then
        weights := api.ranking_weights(ranking);
        hour_points := api.last_hour_points(ranking, wanted, explain_score.as_of);
        -- To the last bit what its parts come to, in their order.
        found_score := (
            select sum(part.value order by part.place)
            from unnest(found_components) with ordinality as part (value, place)
        );
    end if;

    return query
    select
        formula.component_names[part.place],
        part.value,
        weights[(part.place - 1) % 5 + 1],
        case
            when ranking.formula = 'weighted_decay' and part.place <= 5 then ranking.half_life
            when ranking.formula = 'weighted_decay' then ranking.recent_half_life
        end,
        case
            when ranking.formula = 'weighted_decay' then
                hour_points[part.place]
        end,
        found_score
    from unnest(found_components) with ordinality as part (value, place)
    order by part.place;
end;
$$;

comment on function api.explain_score(text, text, text, timestamptz) is
    'Components of an item''s score now, with weight, half-life and what the last hour added. '
    'Stable.';
grant execute on function api.explain_score(text, text, text, timestamptz)
to groundswell_service, groundswell_read;
