-- Make an editorial rule, or put another one in the place of that of the same name.
-- Source: PUT /admin/rules/{name}, groundswell rules. Feeds: core.editorial_rule,
-- core.editorial_review.
-- Keeps: one rule in force for a name. The same again changes nothing; another one lifts the rule
-- there is and makes its own, so that the record shows both. Who stands in the top when a ranking
-- begins to be held has been seen by everybody: they are approved.
create function api.put_rule(name text, rule jsonb, made_by text, as_of timestamptz default now())
returns bigint
language plpgsql volatile
set jit = off
as $$
#variable_conflict use_column
declare
    wanted core.editorial_rule;
    held core.editorial_rule;
    fault text;
    unknown text;
begin
    select given.key into unknown
    from jsonb_object_keys(put_rule.rule) as given (key)
    where given.key not in (
        'kind', 'ranking', 'segment', 'contentId', 'contentType', 'subject', 'value', 'place',
        'most', 'top', 'oldest', 'youngest', 'until', 'reason'
    );
    wanted := jsonb_populate_record(
        null::core.editorial_rule,
        (put_rule.rule - '{contentId,contentType,ranking}'::text []) || jsonb_build_object(
            'name', put_rule.name,
            'segment', coalesce(put_rule.rule ->> 'segment', ''),
            'subject', coalesce(
                replace(put_rule.rule ->> 'subject', 'contentType', 'content_type'),
                case when put_rule.rule ->> 'kind' in ('pin', 'feature') then 'item' end
            ),
            'since', put_rule.as_of,
            'made_by', put_rule.made_by
        )
    );
    select ranking.ranking_id into wanted.ranking_id
    from core.ranking as ranking where ranking.name = put_rule.rule ->> 'ranking';
    select item.item_id into wanted.item_id
    from core.item as item
    where
        item.content_type = coalesce(put_rule.rule ->> 'contentType', 'video')
        and item.external_id = put_rule.rule ->> 'contentId';
    fault := case
        when unknown is not null then format('%s: no such field', unknown)
        when put_rule.rule ->> 'ranking' is not null and wanted.ranking_id is null
            then format('ranking: no ranking is called %L', put_rule.rule ->> 'ranking')
        when put_rule.rule ->> 'contentId' is not null and wanted.item_id is null
            then format(
                'contentId: no %s has the id %L',
                coalesce(put_rule.rule ->> 'contentType', 'video'), put_rule.rule ->> 'contentId'
            )
        else api.rule_fault(wanted, put_rule.as_of)
    end;
    if fault is not null then
        raise exception using
            errcode = 'check_violation', message = fault, constraint = 'editorial_rule_sensible';
    end if;

    -- Two with the same name: the second builds on the first.
    perform pg_advisory_xact_lock(hashtextextended('editorial_rule ' || put_rule.name, 0));
    select known.* into held
    from core.editorial_rule as known
    where known.name = put_rule.name and known.lifted_at is null;
    if
        (
            held.kind, held.ranking_id, held.segment, held.subject, held.value, held.item_id,
            held.place, held.most, held.top, held.oldest, held.youngest, held.reason, held.until
        )
        is not distinct from
        (
            wanted.kind, wanted.ranking_id, wanted.segment, wanted.subject, wanted.value,
            wanted.item_id, wanted.place, wanted.most, wanted.top, wanted.oldest, wanted.youngest,
            wanted.reason, wanted.until
        )
    then
        return held.rule_id;
    end if;
    perform api.lift_rule(put_rule.name, put_rule.made_by, put_rule.as_of);

    insert into core.editorial_rule (
        name, kind, ranking_id, segment, subject, value, item_id, place, most, top, oldest,
        youngest, reason, since, until, made_by
    )
    values (
        wanted.name, wanted.kind, wanted.ranking_id, wanted.segment, wanted.subject, wanted.value,
        wanted.item_id, wanted.place, wanted.most, wanted.top, wanted.oldest, wanted.youngest,
        wanted.reason, wanted.since, wanted.until, wanted.made_by
    )
    returning editorial_rule.rule_id into wanted.rule_id;

    if wanted.kind = 'hold' then
        insert into core.editorial_review (
            ranking_id, item_id, place, held_at, is_approved, decided_by, decided_at, reason
        )
        select
            run.ranking_id, listed.item_id, listed.rank, put_rule.as_of, true, put_rule.made_by,
            put_rule.as_of, 'stood there when reviews began'
        from api.newest_run as run
        inner join api.stored_place as listed on run.run_id = listed.run_id
        where
            (wanted.ranking_id is null or run.ranking_id = wanted.ranking_id)
            and listed.segment = ''
            and listed.item_id is not null
            and listed.rank <= wanted.top
        on conflict (ranking_id, item_id) do nothing;
    end if;
    return wanted.rule_id;
end;
$$;

comment on function api.put_rule(text, jsonb, text, timestamptz) is
    'Makes or replaces the editorial rule of a name (fields as of PUT /admin/rules/{name}); '
    'answers its rule_id. Raises check_violation, naming the field, for nonsense. '
    'Stable.';
grant execute on function api.put_rule(text, jsonb, text, timestamptz) to groundswell_service;
