-- The five weights of a ranking, in the order view, like, comment, share, watch minute.
-- Source: core.ranking. Feeds: every weighted score.
create function api.ranking_weights(ranking core.ranking)
returns double precision []
language sql immutable parallel safe
return array[
    ranking.view_weight,
    ranking.like_weight,
    ranking.comment_weight,
    ranking.share_weight,
    ranking.watch_minute_weight
];

comment on function api.ranking_weights (core.ranking) is
    'Weights of a ranking: view, like, comment, share, watch minute.';
grant execute on function api.ranking_weights (core.ranking)
to groundswell_service, groundswell_read;
