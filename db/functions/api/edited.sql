-- A ranking as it is listed: api.ranked, with the rules of editors applied.
-- Source: api.ranked, api.scores_of, api.arranged. Feeds: api.run_ranking, api.preview_ranking.
-- Keeps: without rules it is api.ranked. Where rules take some out, the list fills up from below:
-- it looks deeper until it is full, nobody is left, or it has seen twenty times its length. What
-- is pinned or featured is listed without a score, too.
create function api.edited(
    ranking core.ranking, as_of timestamptz, source text default 'index'
)
returns setof core.listed_place
language plpgsql stable rows 1000
set jit = off
as $$
declare
    wider core.ranking := ranking;
    looked core.listed_place [];
    listed core.listed_place [];
    lifted core.listed_place [];
begin
    perform from api.rules_in_force(ranking, edited.as_of) limit 1;
    if not found then
        return query
        select
            place.segment, place.rank, place.rank, place.subject, place.item_id, place.score,
            place.components, null::text, null::bigint
        from api.ranked(ranking, edited.as_of, source) as place;
        return;
    end if;

    wider.size := ranking.size + ranking.size / 10 + 20;
    wider.segment_size := ranking.segment_size + ranking.segment_size / 10 + 20;
    loop
        looked := array(
            select (
                place.segment, null, place.rank, place.subject, place.item_id, place.score,
                place.components, null, null
            )::core.listed_place
            from api.ranked(wider, edited.as_of, source) as place
        );
        -- What a rule lists wherever its score puts it, if this list may hold it at all.
        lifted := array(
            select (
                rule.segment, null, null, null, rule.item_id, 0, null, null, null
            )::core.listed_place
            from api.rules_in_force(ranking, edited.as_of) as rule
            inner join core.item as item on rule.item_id = item.item_id
            where
                rule.kind in ('pin', 'feature')
                and ranking.subject = 'item'
                and (ranking.content_type is null or item.content_type = ranking.content_type)
                and (
                    rule.segment = '' or rule.segment in (
                        select part.segment
                        from api.item_segments(item, ranking.segments) as part
                    )
                )
                and rule.item_id not in (
                    select excluded.item_id from api.exclusion_in_force as excluded
                )
                and (rule.segment, rule.item_id) not in (
                    select place.segment, place.item_id from unnest(looked) as place
                )
            group by rule.segment, rule.item_id
        );
        if lifted <> '{}' then
            looked := looked || array(
                select (
                    place.segment, null, null, null, place.item_id, coalesce(scored.score, 0),
                    scored.components, null, null
                )::core.listed_place
                from unnest(lifted) as place
                left join api.scores_of(
                    ranking,
                    edited.as_of,
                    array(select named.item_id from unnest(lifted) as named),
                    source
                ) as scored on place.item_id = scored.item_id
            );
        end if;
        listed := array(
            select place from api.arranged(ranking, looked, edited.as_of) as place
        );
        exit when wider.size > 20 * ranking.size or not exists (
            select 1
            from unnest(listed) as place
            group by place.segment
            having
                max(place.unedited_rank)
                >= case place.segment when '' then wider.size else wider.segment_size end
                and coalesce(max(place.rank), 0)
                < case place.segment when '' then ranking.size else ranking.segment_size end
        );
        wider.size := 2 * wider.size;
        wider.segment_size := 2 * wider.segment_size;
    end loop;

    return query
    select place.*
    from unnest(listed) as place
    where
        place.rank is null
        or place.rank <= case place.segment
            when '' then ranking.size else ranking.segment_size
        end;
end;
$$;

comment on function api.edited(core.ranking, timestamptz, text) is
    'Places of a ranking at as_of as rules want them; rank is null for what they leave out. '
    'Sources as for api.ranked.';
grant execute on function api.edited(core.ranking, timestamptz, text) to groundswell_service;
