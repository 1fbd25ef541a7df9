-- Change some settings of a ranking; its next run, within a minute, follows.
-- Source: api.changed_ranking. Feeds: core.ranking; PATCH /admin/rankings/{name}, groundswell
-- rankings apply.
-- Keeps: what api.preview_ranking has shown for the same changes. With its owner's rights: the API
-- has none to write rankings otherwise.
create function api.change_ranking(ranking_name text, changes jsonb)
returns jsonb
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
declare
    changed core.ranking;
    held jsonb;
begin
    -- Two that change different settings at once: the second builds on the first.
    perform from core.ranking as ranking where ranking.name = ranking_name for update;
    changed := api.changed_ranking(ranking_name, changes);
    select to_jsonb(settings) into held
    from api.ranking_settings as settings
    where settings.name = ranking_name;
    update core.ranking as ranking
    set
        formula = changed.formula,
        "window" = changed."window",
        half_life = changed.half_life,
        recent_half_life = changed.recent_half_life,
        view_weight = changed.view_weight,
        like_weight = changed.like_weight,
        comment_weight = changed.comment_weight,
        share_weight = changed.share_weight,
        watch_minute_weight = changed.watch_minute_weight,
        options = changed.options,
        content_type = changed.content_type,
        size = changed.size
    where ranking.ranking_id = changed.ranking_id;
    return held;
end;
$$;

comment on function api.change_ranking(text, jsonb) is
    'Changes settings (an object of columns; options are merged) of a ranking, and returns what '
    'held until then. Raises no_data_found for an unknown ranking, check_violation for nonsense.';
grant execute on function api.change_ranking(text, jsonb) to groundswell_service;
