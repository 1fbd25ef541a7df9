-- A ranking's row as it would be with some of its settings changed: nothing is stored.
-- Source: core.ranking. Feeds: api.preview_ranking, api.change_ranking.
-- Keeps: what names a ranking, or says what it ranks and in which parts, is not changed here.
-- Options are merged (RFC 7396), null is none of its own.
create function api.changed_ranking(ranking_name text, changes jsonb)
returns core.ranking
language plpgsql stable
as $$
declare
    current core.ranking;
    changed core.ranking;
    fixed text;
begin
    select ranking.* into current from core.ranking as ranking where ranking.name = ranking_name;
    if current.ranking_id is null then
        raise exception using
            errcode = 'no_data_found', message = format('there is no ranking %L', ranking_name);
    end if;
    select string_agg(given.key, ', ' order by given.key) into fixed
    from jsonb_object_keys(changes) as given (key)
    where given.key not in (
        'formula', 'window', 'half_life', 'recent_half_life', 'view_weight', 'like_weight',
        'comment_weight', 'share_weight', 'watch_minute_weight', 'options', 'content_type', 'size'
    );
    if fixed is not null then
        raise exception using
            errcode = 'check_violation',
            message = format('ranking %s: cannot change its %s here', ranking_name, fixed),
            constraint = 'ranking_sensible';
    end if;
    if changes ? 'options' then
        -- Two who change different options keep both; those of another formula mean nothing.
        changes := changes || jsonb_build_object(
            'options',
            case jsonb_typeof(changes -> 'options')
                when 'object' then api.merge_patch(
                    case
                        when coalesce(changes ->> 'formula', current.formula) = current.formula
                            then current.options
                        else '{}'
                    end,
                    changes -> 'options'
                )
                when 'null' then '{}'
                else changes -> 'options'
            end
        );
    end if;
    changed := jsonb_populate_record(current, changes);
    perform core.check_ranking(changed);
    return changed;
end;
$$;

comment on function api.changed_ranking(text, jsonb) is
    'The row of a ranking with changes (an object of columns; options are merged) applied. '
    'Raises no_data_found for an unknown ranking, check_violation for nonsense.';
grant execute on function api.changed_ranking(text, jsonb) to groundswell_service;
