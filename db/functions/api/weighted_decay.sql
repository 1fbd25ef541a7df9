-- Points that fade by half every half-life, with the recent ones counted a second time by a faster
-- term: sum over events of weight · (2^(-age/half_life) + 2^(-age/recent_half_life)).
-- Source: core.ranking_score. Feeds: api.ranked.
-- Keeps: every item with an event in the window and a positive score, in no order.
create function api.weighted_decay(ranking core.ranking, as_of timestamptz)
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
from api.decayed_scores(ranking, weighted_decay.as_of) as scored;
end;

comment on function api.weighted_decay(core.ranking, timestamptz) is
    'Score and components of every item of a weighted_decay ranking at as_of.';
grant execute on function api.weighted_decay(core.ranking, timestamptz)
to groundswell_service, groundswell_read;
