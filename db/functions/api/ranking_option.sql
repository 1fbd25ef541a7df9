-- One option of a ranking's formula: the ranking's own, else the formula's default.
-- Source: core.ranking, core.formula. Feeds: every formula with options.
create function api.ranking_option(ranking core.ranking, option text)
returns text
language sql stable parallel safe
return coalesce(
    ranking.options ->> option,
    (
        select formula.default_options ->> option
        from core.formula
        where formula.name = ranking.formula
    )
);

comment on function api.ranking_option(core.ranking, text) is
    'The value of an option, as text; null if the formula has none of that name.';
grant execute on function api.ranking_option(core.ranking, text)
to groundswell_service, groundswell_read;
