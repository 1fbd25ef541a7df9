-- A ranking in order: the whole list, and one for each value of its segments.
-- Source: the function named by core.ranking.formula. Feeds: api.run_ranking, api.preview_ranking.
-- Keeps: ties go to the older item, or the earlier name. weighted_decay reads the top of an index;
-- the other formulas look at every item active in the window.
create function api.ranked(
    ranking core.ranking, as_of timestamptz, source text default 'index'
)
returns table (
    segment text,
    rank integer,
    subject text,
    item_id bigint,
    score double precision,
    components double precision[]
)
language plpgsql stable
set jit = off
-- No item is looked up twice.
set enable_memoize = off
as $$
declare
    whole constant text := case
        when ranking.formula = 'weighted_decay' and source = 'index' then 'api.weighted_decay_top'
        when ranking.formula = 'weighted_decay' and source = 'events' then 'api.weighted_decay_recount'
        else coalesce(core.formula_function(ranking.formula), ranking.formula)
    end;
begin
    return query execute format(
        'select
            '''',
            (row_number() over best)::integer,
            scored.subject,
            scored.item_id,
            scored.score,
            scored.components
        from (
            select *
            from %s($1, $2) as scored
            order by scored.score desc, scored.item_id, scored.subject collate "C"
            limit $3
        ) as scored
        window best as (
            order by scored.score desc, scored.item_id, scored.subject collate "C"
        )', whole
    ) using ranking, as_of, ranking.size;

    if ranking.segments <> '{}' and ranking.formula = 'weighted_decay' and source = 'index' then
        return query
        select part.* from api.weighted_decay_segments(ranking, as_of) as part;
    elsif ranking.segments <> '{}' then
        return query execute format(
            'select placed.*
            from (
                select
                    kind.segment,
                    (
                        row_number() over (
                            partition by kind.segment order by scored.score desc, scored.item_id
                        )
                    )::integer as rank,
                    scored.subject,
                    scored.item_id,
                    scored.score,
                    scored.components
                from %s($1, $2) as scored
                inner join core.item as item on scored.item_id = item.item_id
                cross join lateral api.item_segments(item, $3) as kind
            ) as placed
            where placed.rank <= $4', whole
        ) using ranking, as_of, ranking.segments, ranking.segment_size;
    end if;
end;
$$;

comment on function api.ranked(core.ranking, timestamptz, text) is
    'Places of a ranking at as_of: segment (empty: the whole), rank, subject or item, score and '
    'components. Settings not in force need another source than the index: scores looks at every '
    'item''s sums (new weights), events recounts them (new half-lives).';
grant execute on function api.ranked(core.ranking, timestamptz, text) to groundswell_service;
