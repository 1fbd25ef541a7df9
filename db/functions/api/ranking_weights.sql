-- The five weights of a ranking, in the order view, like, comment, share, watch minute.
-- Source: core.ranking, core.default_weight. Feeds: every weighted score.
create function api.ranking_weights(ranking core.ranking)
returns double precision[]
language sql stable parallel safe
begin atomic
select array[
    coalesce(
        ranking.view_weight,
        (
            select d.weight
            from core.default_weight as d
            where d.metric = 'view'
        )
    ),
    coalesce(
        ranking.like_weight,
        (
            select d.weight
            from core.default_weight as d
            where d.metric = 'like'
        )
    ),
    coalesce(
        ranking.comment_weight,
        (
            select d.weight
            from core.default_weight as d
            where d.metric = 'comment'
        )
    ),
    coalesce(
        ranking.share_weight,
        (
            select d.weight
            from core.default_weight as d
            where d.metric = 'share'
        )
    ),
    coalesce(
        ranking.watch_minute_weight,
        (
            select d.weight
            from core.default_weight as d
            where d.metric = 'watch_minute'
        )
    )
];
end;

comment on function api.ranking_weights(core.ranking) is
    'Weights of a ranking: view, like, comment, share, watch minute.';
grant execute on function api.ranking_weights(core.ranking)
to groundswell_service, groundswell_read;
