-- What the rules of editors do to one item in a ranking's list.
-- Source: api.arranged, api.newest_run, api.stored_place. Feeds: GET
-- /analytics/rankings/{name}/items/{id}.
-- Keeps: one row where a rule acts on the item or on its list, none where nothing does.
-- unedited_rank is as of the newest run. A cap is named where the list has as many of the item's
-- creator or category as it may, and not this one.
create function api.explain_edit(
    ranking_name text, content_type text, external_id text, as_of timestamptz
)
returns table (
    mark text,
    unedited_rank integer,
    rule text,
    kind text,
    place integer,
    most integer,
    top integer,
    value text,
    reason text,
    since timestamptz,
    until timestamptz
)
language sql stable
set jit = off
begin atomic
with subject as (
    select
        ranking,
        item,
        (
            select run.run_id from api.newest_run as run
            where run.ranking_id = ranking.ranking_id
        ) as run_id
    from core.ranking as ranking
    cross join core.item as item
    where
        ranking.name = explain_edit.ranking_name
        and item.content_type = explain_edit.content_type
        and item.external_id = explain_edit.external_id
        and exists (
            select 1
            from api.rules_in_force(ranking, explain_edit.as_of)
        )
),

listed as (
    select
        place.rank,
        place.unedited_rank,
        place.item_id,
        other.creator,
        other.category
    from subject
    inner join api.stored_place as place on subject.run_id = place.run_id
    inner join core.item as other on place.item_id = other.item_id
    where place.segment = ''
),

own as (
    select
        listed.rank,
        listed.unedited_rank
    from listed
    cross join subject
    where listed.item_id = (subject.item).item_id
),

judged as (
    select
        judgement.mark,
        judgement.rule_id
    from subject
    left join own on true
    cross join lateral api.arranged(
        subject.ranking,
        array[
            (
                '', null, coalesce(own.unedited_rank, 1), null, (subject.item).item_id, 0, null,
                null, null
            )::core.listed_place
        ],
        explain_edit.as_of
    ) as judgement
    where
        judgement.mark is not null
        -- By itself it would stand first: only the run knows whether it came within the top.
        and (
            judgement.mark <> 'held' or exists (
                select 1
                from core.editorial_review as review
                where
                    review.ranking_id = (subject.ranking).ranking_id
                    and review.item_id = (subject.item).item_id
                    and review.is_approved is null
            )
        )
),

capped as (
    select
        'capped' as mark,
        cap.rule_id
    from subject
    cross join lateral api.rules_in_force(subject.ranking, explain_edit.as_of) as cap
    where
        cap.kind = 'cap'
        and not exists (select 1 from own)
        and cap.most <= (
            select count(*)
            from listed
            where
                case cap.subject
                    when 'creator' then listed.creator = (subject.item).creator
                    else listed.category = (subject.item).category
                end
        )
    order by cap.most
    limit 1
),

found as (
    select
        judged.mark,
        judged.rule_id
    from judged
    union all
    select
        capped.mark,
        capped.rule_id
    from capped
    where not exists (select 1 from judged)
)

select
    found.mark,
    own.unedited_rank,
    rule.name,
    rule.kind,
    rule.place,
    rule.most,
    rule.top,
    coalesce(
        rule.value,
        case rule.subject
            when 'creator' then (subject.item).creator
            when 'category' then (subject.item).category
        end
    ),
    rule.reason,
    rule.since,
    rule.until
from subject
left join own on true
left join found on true
left join core.editorial_rule as rule on found.rule_id = rule.rule_id
where found.mark is not null or own.unedited_rank is distinct from own.rank;
end;

comment on function api.explain_edit(text, text, text, timestamptz) is
    'What which editorial rule does to an item in a ranking''s list, and its place without rules; '
    'no row where no rule acts. '
    'Stable.';
grant execute on function api.explain_edit(text, text, text, timestamptz)
to groundswell_service, groundswell_read;
