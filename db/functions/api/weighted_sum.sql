-- The points of five counts under five weights, both in the order view, like, comment, share,
-- watch minute.
-- Source: core.ranking (weights). Feeds: every weighted score.
-- Keeps: more taken back than given counts as none, so that an item scores at least what its views
-- do. What is stored stays signed: an unlike may come before its like.
create function api.weighted_sum(
    weights double precision[],
    views double precision,
    likes double precision,
    comments double precision,
    shares double precision,
    watch_minutes double precision
)
returns double precision
language sql immutable parallel safe
return weights[1] * views + weights[2] * greatest(likes, 0)
+ weights[3] * greatest(comments, 0) + weights[4] * shares
+ weights[5] * watch_minutes;

comment on function api.weighted_sum(
    double precision[], double precision, double precision, double precision,
    double precision, double precision
) is 'weights[1]·views + weights[2]·likes + weights[3]·comments + weights[4]·shares '
'+ weights[5]·watch_minutes, with likes and comments as at least 0.';
grant execute on function api.weighted_sum(
    double precision[], double precision, double precision, double precision,
    double precision, double precision
) to groundswell_service, groundswell_read;
