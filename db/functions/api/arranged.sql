-- Ranked places as editors want them: the one place where rules meet lists.
-- Source: api.rules_in_force, core.editorial_review, core.item. Feeds: api.edited,
-- api.edited_top_list, api.explain_edit.
-- Keeps: in each list, first leave out what a block names (pins too), what was refused, and what
-- no rule of kind only lets in or is too old or too young (but for pins and features). Then
-- featured items stand first, then, where the whole list is held, the best that were approved up
-- to top, then all others by score; a cap leaves of each creator or category the first in that
-- order. Pins are put at their places last. Equal input gives equal output; scores stay.
create function api.arranged(
    ranking core.ranking, places core.listed_place[], as_of timestamptz
)
returns setof core.listed_place
language plpgsql stable rows 1000
set jit = off
as $$
#variable_conflict use_column
declare
    rules constant core.editorial_rule [] := array(
        select rule from api.rules_in_force(ranking, arranged.as_of) as rule order by rule.rule_id
    );
    lifts jsonb;
    blocks jsonb;
    only_in jsonb;
    kinds text [];
    terms jsonb;
    hold core.editorial_rule;
    by_creator core.editorial_rule;
    by_category core.editorial_rule;
    oldest core.editorial_rule;
    youngest core.editorial_rule;
begin
    -- Objects to look names up in: no plan can go wrong, however many rules there are. Of two that
    -- say the same the older one is named; what names this ranking goes before what names all.
    select
        jsonb_object_agg(
            rule.item_id || ' ' || rule.segment,
            jsonb_build_object('place', rule.place, 'rule', rule.rule_id)
            order by rule.ranking_id is null desc, rule.kind = 'feature' desc, rule.rule_id desc
        ) filter (where rule.kind in ('pin', 'feature')),
        jsonb_object_agg(
            rule.subject || ':' || coalesce(rule.value, rule.item_id::text), rule.rule_id
            order by rule.rule_id desc
        ) filter (where rule.kind = 'block' and rule.subject <> 'term'),
        jsonb_object_agg(rule.subject || ':' || rule.value, rule.rule_id)
        filter (where rule.kind = 'only'),
        array_agg(distinct rule.subject) filter (where rule.kind = 'only')
    into lifts, blocks, only_in, kinds
    from unnest(rules) as rule;

    select jsonb_object_agg(word.first, word.terms) into terms
    from (
        select
            split_part(api.folded(rule.value), ' ', 2) as first,
            jsonb_agg(
                jsonb_build_array(api.folded(rule.value), rule.rule_id) order by rule.rule_id
            ) as terms
        from unnest(rules) as rule
        where rule.kind = 'block' and rule.subject = 'term'
        group by 1
    ) as word;

    -- Of several the strictest one counts.
    select rule.* into hold
    from unnest(rules) as rule where rule.kind = 'hold' order by rule.top desc limit 1;
    select rule.* into by_creator
    from unnest(rules) as rule
    where rule.kind = 'cap' and rule.subject = 'creator' order by rule.most limit 1;
    select rule.* into by_category
    from unnest(rules) as rule
    where rule.kind = 'cap' and rule.subject = 'category' order by rule.most limit 1;
    select rule.* into oldest
    from unnest(rules) as rule where rule.oldest is not null order by rule.oldest limit 1;
    select rule.* into youngest
    from unnest(rules) as rule where rule.youngest is not null order by rule.youngest desc limit 1;

    return query
    with known as materialized (
        select
            place.*,
            item.item_id is not null as is_item,
            case ranking.subject
                when 'creator' then place.subject else item.creator
            end as creator,
            case ranking.subject
                when 'category' then place.subject else item.category
            end as category,
            item.content_type,
            item.language,
            coalesce(item.title, place.subject) as title,
            arranged.as_of - item.born_at as age,
            lift.rule is not null as is_lifted,
            (lift.rule ->> 'place')::integer as pinned_at,
            (lift.rule ->> 'rule')::bigint as lifted_by,
            review.is_approved
        from unnest(places) as place
        left join core.item as item on place.item_id = item.item_id
        cross join lateral (
            select lifts -> (place.item_id || ' ' || place.segment) as rule
        ) as lift
        left join core.editorial_review as review
            on
                hold.rule_id is not null
                and review.ranking_id = ranking.ranking_id
                and place.item_id = review.item_id
    ),

    judged as materialized (
        select
            known.*,
            coalesce(
                (blocks ->> ('item:' || known.item_id))::bigint,
                (blocks ->> ('creator:' || known.creator))::bigint,
                (blocks ->> ('category:' || known.category))::bigint,
                (blocks ->> ('content_type:' || known.content_type))::bigint,
                (blocks ->> ('language:' || known.language))::bigint,
                case when terms is not null then (
                    select min((term.pair ->> 1)::bigint)
                    from (select api.folded(known.title) as words offset 0) as text
                    cross join lateral unnest(string_to_array(text.words, ' ')) as word
                    cross join lateral jsonb_array_elements(terms -> word) as term (pair)
                    where strpos(text.words, term.pair ->> 0) > 0
                ) end
            ) as blocked_by,
            case
                when known.is_lifted or not known.is_item then null
                when not coalesce(
                    (
                        select bool_and(coalesce(only_in ? (kind || ':' || case kind
                            when 'creator' then known.creator
                            when 'category' then known.category
                            when 'content_type' then known.content_type
                            when 'language' then known.language
                        end), false))
                        from unnest(kinds) as kind
                    ), true
                ) then (
                    select min(rule.rule_id) from unnest(rules) as rule where rule.kind = 'only'
                )
                when known.age > oldest.oldest then oldest.rule_id
                when known.age < youngest.youngest then youngest.rule_id
            end as closed_by,
            hold.rule_id is not null and known.is_approved is false and not known.is_lifted
                as is_refused,
            -- Parts of a list are not held.
            hold.rule_id is null or known.segment <> '' or known.is_lifted
            or coalesce(known.is_approved, false) or not known.is_item as is_trusted
        from known
    ),

    standing as materialized (
        select
            judged.*,
            row_number() over best as natural_rank,
            -- Lists of one creator or category need no cap of it.
            case when judged.segment not like 'creator:%' then judged.creator end as capped_creator,
            case when judged.segment not like 'category:%' then judged.category end
                as capped_category
        from judged
        where judged.blocked_by is null and judged.closed_by is null and not judged.is_refused
        window best as (
            partition by judged.segment
            order by judged.unedited_rank, judged.score desc, judged.item_id
        )
    ),

    -- Those who may stand within the top although it is held; a cap holds among them, too.
    approved as (
        select
            trusted.segment,
            trusted.item_id,
            row_number() over (order by trusted.natural_rank) as place
        from (
            select
                standing.*,
                row_number() over (
                    partition by standing.capped_creator
                    order by standing.is_lifted desc, standing.natural_rank
                ) as of_creator,
                row_number() over (
                    partition by standing.capped_category
                    order by standing.is_lifted desc, standing.natural_rank
                ) as of_category
            from standing
            where hold.rule_id is not null and standing.segment = '' and standing.is_trusted
        ) as trusted
        where
            not trusted.is_lifted
            and (
                by_creator.rule_id is null or trusted.capped_creator is null
                or trusted.of_creator <= by_creator.most
            )
            and (
                by_category.rule_id is null or trusted.capped_category is null
                or trusted.of_category <= by_category.most
            )
    ),

    ordered as materialized (
        select
            standing.*,
            row_number() over (
                partition by standing.segment
                order by
                    standing.is_lifted desc,
                    coalesce(upper.place <= hold.top, false) desc,
                    standing.natural_rank
            ) as turn
        from standing
        left join approved as upper
            on standing.segment = upper.segment and standing.item_id = upper.item_id
    ),

    capped as materialized (
        select
            counted.*,
            case
                when counted.is_lifted then null
                when counted.capped_creator is not null and counted.of_creator > by_creator.most
                    then by_creator.rule_id
                when counted.capped_category is not null and counted.of_category > by_category.most
                    then by_category.rule_id
            end as capped_by
        from (
            select
                ordered.*,
                row_number() over (
                    partition by ordered.segment, ordered.capped_creator order by ordered.turn
                ) as of_creator,
                row_number() over (
                    partition by ordered.segment, ordered.capped_category order by ordered.turn
                ) as of_category
            from ordered
        ) as counted
    ),

    -- Of two that want the same place, who came first; the other gets the next.
    pin as materialized (
        select
            numbered.segment,
            numbered.item_id,
            numbered.number,
            numbered.number + max(numbered.pinned_at - numbered.number) over (
                partition by numbered.segment order by numbered.number
            ) as place
        from (
            select
                capped.segment,
                capped.item_id,
                capped.pinned_at,
                row_number() over (
                    partition by capped.segment order by capped.pinned_at, capped.lifted_by
                ) as number
            from capped
            where capped.pinned_at is not null
        ) as numbered
    ),

    rest as materialized (
        select
            capped.*,
            row_number() over (partition by capped.segment order by capped.turn) as number
        from capped
        where capped.pinned_at is null and capped.capped_by is null
    ),

    placed as (
        select
            rest.segment,
            rest.item_id,
            rest.subject,
            rest.number + case when lifts is null then 0 else (
                select count(*) from pin
                where pin.segment = rest.segment and pin.place - pin.number < rest.number
            ) end as place
        from rest
        union all
        select pin.segment, pin.item_id, null, pin.place from pin
    ),

    final as (
        select
            placed.segment,
            coalesce(placed.item_id::text, placed.subject) as key,
            (row_number() over (partition by placed.segment order by placed.place))::integer as rank
        from placed
    )

    select
        judged.segment,
        final.rank,
        judged.unedited_rank,
        judged.subject,
        judged.item_id,
        judged.score,
        judged.components,
        case
            when judged.blocked_by is not null then 'blocked'
            when judged.is_refused then 'refused'
            when judged.closed_by is not null then 'closed'
            when capped.capped_by is not null then 'capped'
            when judged.pinned_at is not null then 'pinned'
            when judged.is_lifted then 'featured'
            when not judged.is_trusted and capped.natural_rank <= hold.top then 'held'
        end,
        case
            when judged.blocked_by is not null then judged.blocked_by
            when judged.is_refused then hold.rule_id
            when judged.closed_by is not null then judged.closed_by
            when capped.capped_by is not null then capped.capped_by
            when judged.is_lifted then judged.lifted_by
            when not judged.is_trusted and capped.natural_rank <= hold.top then hold.rule_id
        end
    from judged
    left join capped
        on
            judged.segment = capped.segment
            and coalesce(judged.item_id::text, judged.subject)
            = coalesce(capped.item_id::text, capped.subject)
    left join final
        on
            judged.segment = final.segment
            and coalesce(judged.item_id::text, judged.subject) = final.key;
end;
$$;

comment on function api.arranged(core.ranking, core.listed_place[], timestamptz) is
    'Every place that it is given with its rank under the rules in force, null where one leaves it '
    'out, and what which rule did.';
grant execute on function api.arranged(core.ranking, core.listed_place[], timestamptz)
to groundswell_service, groundswell_read;
