-- What a ranking would be under changed settings, held against what it is: nothing is stored.
-- Source: api.changed_ranking, api.edited. Feeds: POST /admin/rankings/{name}/preview.
-- Keeps: changes are held to the same rules as a row of core.ranking. New half-lives or another
-- discount need a recount of the events, so they are as slow as the history is long; all else works
-- on what is stored.
create function api.preview_ranking(ranking_name text, changes jsonb, as_of timestamptz)
returns table (
    rank integer,
    current_rank integer,
    content_id text,
    content_type text,
    title text,
    score double precision,
    current_score double precision,
    components double precision[]
)
language plpgsql stable
set jit = off
as $$
declare
    current core.ranking;
    changed core.ranking;
begin
    select ranking.* into current from core.ranking as ranking where ranking.name = ranking_name;
    changed := api.changed_ranking(ranking_name, changes);
    current.segments := '{}';
    changed.segments := '{}';
    perform core.check_ranking(changed);

    return query
    with now_ranked as (
        select * from api.edited(current, preview_ranking.as_of) as place
        where place.rank is not null
    ),

    then_ranked as (
        select *
        from api.edited(
            changed,
            preview_ranking.as_of,
            case
                when
                    (
                        changed.formula, changed.half_life, changed.recent_half_life,
                        changed.content_type, api.ranking_discount(changed)
                    )
                    is distinct from
                    (
                        current.formula, current.half_life, current.recent_half_life,
                        current.content_type, api.ranking_discount(current)
                    )
                    then 'events'
                else 'scores'
            end
        ) as place
        where place.rank is not null
    )

    select
        then_ranked.rank,
        now_ranked.rank,
        coalesce(item.external_id, now_ranked.subject, then_ranked.subject),
        coalesce(item.content_type, current.subject),
        coalesce(item.title, now_ranked.subject, then_ranked.subject),
        then_ranked.score,
        now_ranked.score,
        then_ranked.components
    from then_ranked
    full join now_ranked
        on
            coalesce(then_ranked.item_id::text, then_ranked.subject)
            = coalesce(now_ranked.item_id::text, now_ranked.subject)
    left join core.item as item
        on coalesce(then_ranked.item_id, now_ranked.item_id) = item.item_id
    order by then_ranked.rank, now_ranked.rank;
end;
$$;

comment on function api.preview_ranking(text, jsonb, timestamptz) is
    'Places under changed settings beside the present ones: rank null has left, current_rank null '
    'has entered. Raises no_data_found for an unknown ranking, check_violation for nonsense. '
    'Stable.';
grant execute on function api.preview_ranking(text, jsonb, timestamptz) to groundswell_service;
