-- The same as api.weighted_decay, from the events themselves: for settings that are not in force.
-- Source: api.recount_scores. Feeds: api.preview_ranking, tests.
-- Keeps: holds all events so far, so as_of must not lie before them.
create function api.weighted_decay_recount(ranking core.ranking, as_of timestamptz)
returns table (
    subject text, item_id bigint, score double precision, components double precision[]
)
language sql stable
begin atomic
select
    null::text,
    scored.item_id,
    scored.score,
    scored.components
from api.decayed_scores(
    ranking, weighted_decay_recount.as_of, is_recounted => true
) as scored;
end;

comment on function api.weighted_decay_recount(core.ranking, timestamptz) is
    'Score and components of every item of a weighted_decay ranking, recounted from its events.';
grant execute on function api.weighted_decay_recount(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
