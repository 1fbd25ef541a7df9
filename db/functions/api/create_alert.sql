-- Make an alert subscription.
-- Source: POST /alerts. Feeds: core.alert_subscription.
-- Keeps: raises no_data_found for an unknown ranking and foreign_key_violation for an unknown item;
-- core.check_alert_subscription does the rest.
create function api.create_alert(
    owner_key_id bigint, given jsonb, secret text, as_of timestamptz
)
returns bigint
language plpgsql volatile
as $$
declare
    wanted constant jsonb := given -> 'condition';
    ranking core.ranking;
    wanted_item bigint;
    new_id bigint;
begin
    if given ->> 'ranking' is not null then
        select known.* into ranking
        from core.ranking as known
        where known.name = given ->> 'ranking';
        if not found then
            raise exception 'ranking: none is called %', quote_literal(given ->> 'ranking')
            using errcode = 'no_data_found';
        end if;
    end if;

    if given ->> 'contentId' is null then
        if given ->> 'contentType' is not null then
            raise exception 'contentType: needs a contentId' using errcode = 'check_violation';
        end if;
    elsif coalesce(ranking.subject, 'item') <> 'item' then
        if coalesce(given ->> 'contentType', ranking.subject) <> ranking.subject then
            raise exception 'contentType: % ranks by %', ranking.name, ranking.subject
            using errcode = 'check_violation';
        end if;
    else
        select item.item_id into wanted_item
        from core.item
        where
            item.content_type = coalesce(given ->> 'contentType', 'video')
            and item.external_id = given ->> 'contentId';
        if not found then
            raise exception 'contentId: no % has the id %',
                coalesce(given ->> 'contentType', 'video'), quote_literal(given ->> 'contentId')
            using errcode = 'foreign_key_violation';
        end if;
    end if;

    insert into core.alert_subscription as made (
        owner_key_id, name, ranking_id, item_id, subject, condition_type, top_n, min_score, metric,
        threshold, cooldown, url, secret, created_at
    )
    values (
        create_alert.owner_key_id,
        given ->> 'name',
        ranking.ranking_id,
        wanted_item,
        case when ranking.subject <> 'item' then given ->> 'contentId' end,
        case wanted ->> 'type'
            when 'entersTop' then 'enters_top'
            when 'breaksOut' then 'breaks_out'
            when 'passesCount' then 'passes_count'
        end,
        (wanted ->> 'n')::integer,
        (wanted ->> 'score')::double precision,
        wanted ->> 'metric',
        (wanted ->> 'count')::bigint,
        make_interval(secs => coalesce((given ->> 'cooldown')::double precision, 0)),
        given ->> 'url',
        case when given ->> 'url' is not null then create_alert.secret end,
        create_alert.as_of
    )
    returning made.subscription_id into new_id;
    return new_id;
end;
$$;

comment on function api.create_alert(bigint, jsonb, text, timestamptz) is
    'Makes a subscription from what POST /alerts was given and answers its id. The secret is kept '
    'where there is a url.';
grant execute on function api.create_alert(bigint, jsonb, text, timestamptz)
to groundswell_service;
