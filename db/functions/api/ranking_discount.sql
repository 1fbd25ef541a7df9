-- How much of what core.discount holds a ranking takes off: 1 all of it, 0 nothing.
-- Source: core.ranking, core.formula. Feeds: api.sync_scores, api.recount_scores,
-- api.last_hour_points.
create function api.ranking_discount(ranking core.ranking)
returns double precision
language sql stable parallel safe
return coalesce(api.ranking_option(ranking, 'discount')::double precision, 0);

comment on function api.ranking_discount(core.ranking) is
    'The option discount of a ranking; 0 where its formula has none.';
grant execute on function api.ranking_discount(core.ranking)
to groundswell_service, groundswell_read;
