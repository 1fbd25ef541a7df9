-- What can be tuned of every ranking: its own settings, and the weights that are in force.
-- Source: core.ranking, core.formula, api.ranking_weights.
-- Feeds: GET /admin/rankings/{name}, groundswell rankings.
create view api.ranking_settings as
select
    ranking.name,
    ranking.formula,
    ranking."window",
    extract(epoch from ranking.half_life)::double precision as half_life_seconds,
    extract(epoch from ranking.recent_half_life)::double precision as recent_half_life_seconds,
    ranking.view_weight,
    ranking.like_weight,
    ranking.comment_weight,
    ranking.share_weight,
    ranking.watch_minute_weight,
    ranking.options,
    formula.default_options || ranking.options as options_in_force,
    ranking.content_type,
    ranking.size,
    case
        when ranking.formula = 'weighted_decay' then api.ranking_weights(ranking)
    end as weights_in_force
from core.ranking as ranking
inner join core.formula as formula on ranking.formula = formula.name;

comment on view api.ranking_settings is
    'What api.change_ranking changes of every ranking, and what is in force where it says nothing.';
comment on column api.ranking_settings.name is 'Public name.';
comment on column api.ranking_settings.formula is 'How it scores: a name of core.formula.';
comment on column api.ranking_settings."window" is 'What is ranked had an event in this window.';
comment on column api.ranking_settings.half_life_seconds is
    'Seconds after which an event counts half; null: it never fades.';
comment on column api.ranking_settings.recent_half_life_seconds is
    'The same of the term that counts fresh events twice; null: there is none.';
comment on column api.ranking_settings.view_weight is 'Points of a view; null: the default.';
comment on column api.ranking_settings.like_weight is 'Points of a like; null: the default.';
comment on column api.ranking_settings.comment_weight is 'Points of a comment; null: the default.';
comment on column api.ranking_settings.share_weight is 'Points of a share; null: the default.';
comment on column api.ranking_settings.watch_minute_weight is
    'Points of a minute watched; null: the default.';
comment on column api.ranking_settings.options is
    'Options of the formula that differ from its defaults.';
comment on column api.ranking_settings.options_in_force is 'All options of the formula.';
comment on column api.ranking_settings.content_type is 'Only items of this type; null: all.';
comment on column api.ranking_settings.size is 'Most entries of the whole list.';
comment on column api.ranking_settings.weights_in_force is
    'Points of a view, a like, a comment, a share and a minute watched, defaults filled in; null '
    'where the formula has no weights.';
grant select on api.ranking_settings to groundswell_service, groundswell_read;
