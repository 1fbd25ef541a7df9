-- What is wrong with an editorial rule, in words that name its field.
-- Source: core.ranking, core.item, core.item_exclusion, core.editorial_rule. Feeds: api.put_rule.
-- Keeps: a rule that could do nothing, or that contradicts another one, is refused.
create function api.rule_fault(rule core.editorial_rule, as_of timestamptz)
returns text
language plpgsql stable
set jit = off
as $$
declare
    ranking core.ranking;
    item core.item;
    needed text [];
    given text [];
    wrong text;
    taken text;
begin
    needed := case rule.kind
        when 'pin' then '{item,place,until}'
        when 'feature' then '{item,until}'
        when 'block' then '{subject}'
        when 'only' then '{subject,value}'
        when 'cap' then '{subject,most}'
        when 'hold' then '{top}'
        when 'age' then '{}'
    end::text [];
    if needed is null then
        return format(
            'kind: %L is none; use pin, feature, block, only, cap, hold or age', rule.kind
        );
    end if;
    given := array_remove(array[
        case when rule.item_id is not null then 'item' end,
        case when rule.place is not null then 'place' end,
        case when rule.until is not null then 'until' end,
        case when rule.subject is not null then 'subject' end,
        case when rule.value is not null then 'value' end,
        case when rule.most is not null then 'most' end,
        case when rule.top is not null then 'top' end,
        case when rule.oldest is not null then 'oldest' end,
        case when rule.youngest is not null then 'youngest' end,
        case when rule.segment <> '' then 'segment' end
    ], null);
    select missing.field into wrong
    from unnest(needed) as missing (field) where missing.field <> all(given);
    if wrong is not null then
        return format(
            '%s: missing; a %s needs it',
            case wrong when 'item' then 'contentId' else wrong end, rule.kind
        );
    end if;
    select extra.field into wrong
    from unnest(given) as extra (field)
    where
        extra.field <> all(
            needed || '{until}'::text [] || case rule.kind
                when 'pin' then '{segment,subject}'
                when 'feature' then '{segment,subject}'
                when 'block' then '{item,value}'
                when 'age' then '{oldest,youngest}'
                else '{}'
            end::text []
        );
    if wrong is not null then
        return format(
            '%s: a %s has none', case wrong when 'item' then 'contentId' else wrong end, rule.kind
        );
    end if;

    select known.* into ranking from core.ranking as known
    where known.ranking_id = rule.ranking_id;
    select known.* into item from core.item as known where known.item_id = rule.item_id;
    select other.name into taken
    from core.editorial_rule as other
    where
        rule.kind = 'pin'
        and other.kind = 'pin'
        and other.name <> rule.name
        and other.lifted_at is null
        and (other.until is null or other.until > rule_fault.as_of)
        and other.place = rule.place
        and other.segment = rule.segment
        and other.ranking_id is not distinct from rule.ranking_id
    limit 1;

    return case
        when char_length(rule.name) not between 1 and 100
            or rule.name !~ '^[A-Za-z0-9][A-Za-z0-9._-]*$'
            then 'name: use 1 to 100 letters, digits, dots, hyphens and underscores'
        when char_length(rule.reason) not between 1 and 500 or rule.reason is null
            then 'reason: use 1 to 500 characters'
        when rule.until <= rule_fault.as_of then 'until: it is over already'
        when rule.place not between 1 and 100 then 'place: use 1 to 100'
        when rule.place > case rule.segment when '' then ranking.size else ranking.segment_size end
            then format('place: %s has fewer places', ranking.name)
        when rule.most not between 1 and 1000 then 'most: use 1 to 1000'
        when rule.top not between 1 and 1000 then 'top: use 1 to 1000'
        when rule.kind = 'age' and rule.oldest is null and rule.youngest is null
            then 'oldest: missing; an age needs it, or youngest'
        when rule.oldest < interval '1 minute' then 'oldest: use 1 minute or more'
        when rule.youngest < interval '1 minute' then 'youngest: use 1 minute or more'
        when rule.youngest >= rule.oldest then 'youngest: use less than oldest'
        when rule.kind = 'block' and rule.subject not in (
                'item', 'creator', 'category', 'content_type', 'language', 'term'
            )
            then 'subject: use item, creator, category, contentType, language or term'
        when rule.kind = 'only' and rule.subject not in (
                'creator', 'category', 'content_type', 'language'
            )
            then 'subject: use creator, category, contentType or language'
        when rule.kind = 'cap' and rule.subject not in ('creator', 'category')
            then 'subject: use creator or category'
        when rule.kind = 'block' and rule.subject = 'item' and rule.item_id is null
            then 'contentId: missing; a block of an item needs it'
        when rule.kind = 'block' and rule.subject <> 'item' and rule.value is null
            then format('value: missing; a block of a %s needs it', rule.subject)
        when rule.kind = 'block' and rule.subject = 'item' and rule.ranking_id is null
            then 'ranking: missing; to take an item out of all rankings, exclude it'
        when char_length(rule.value) not between 1 and 200 then 'value: use 1 to 200 characters'
        when rule.subject = 'language' and rule.value !~ '^[a-z]{2,3}$'
            then 'value: use a language such as en'
        when rule.subject = 'term' and trim(api.folded(rule.value)) = ''
            then 'value: a term needs a letter or a digit'
        when ranking.subject <> 'item' and rule.kind in ('pin', 'feature', 'hold', 'age', 'only')
            then format('ranking: %s ranks by %s, not items', ranking.name, ranking.subject)
        when rule.segment <> '' and split_part(rule.segment, ':', 1) <> all(ranking.segments)
            then format('segment: %s is not ranked in such parts', ranking.name)
        when rule.segment <> '' and rule.ranking_id is null
            then 'segment: name the ranking that is ranked in such parts'
        when rule.kind in ('pin', 'feature') and exists (
                select 1 from api.exclusion_in_force as excluded
                where excluded.item_id = rule.item_id
            )
            then format(
                'contentId: it is excluded: %s',
                (
                    select excluded.reason from api.exclusion_in_force as excluded
                    where excluded.item_id = rule.item_id
                )
            )
        when rule.kind in ('pin', 'feature') and item.content_type <> ranking.content_type
            then format(
                'contentType: %s ranks %s, not %s',
                ranking.name, ranking.content_type, item.content_type
            )
        when rule.segment <> '' and rule.segment not in (
                select part.segment from api.item_segments(item, ranking.segments) as part
            )
            then format('segment: the item does not belong to %s', rule.segment)
        when taken is not null
            then format('place: rule %s has pinned another item there', taken)
    end;
end;
$$;

comment on function api.rule_fault(core.editorial_rule, timestamptz) is
    'What is wrong with a rule, beginning with the field; null where nothing is.';
grant execute on function api.rule_fault(core.editorial_rule, timestamptz) to groundswell_service;
