-- An upper bound of an item's score that holds at any later moment without being rewritten.
-- Source: forward decay (Cormode, Shkapenyuk, Srivastava, Xu 2009), in the log domain so that it
-- cannot overflow. Feeds: core.ranking_score.bound.
-- Keeps: log2(score at t) + t / half-life <= bound for every t >= decayed_to. The recent term fades
-- faster than the other, so counting it as if it faded alike can only be too high; a negative term
-- fades towards zero, so it counts as zero. Each argument stands once and all is immutable (the
-- epoch of a timestamptz would not be), so that the planner can inline it: see api.decay. As a call
-- it costs a third of scoring an event.
create function api.forward_bound(
    score double precision,
    recent_score double precision,
    decayed_to timestamptz,
    half_life_seconds double precision
)
returns double precision
language sql immutable parallel safe
return coalesce(
    ln(nullif(greatest(score, 0) + greatest(recent_score, 0), 0)) / ln(2.0::float8)
    + coalesce(
        date_part('epoch', decayed_to - timestamptz '1970-01-01 00:00:00+00')
        / half_life_seconds,
        0
    ),
    '-infinity'
);

comment on function api.forward_bound(
    double precision, double precision, timestamptz, double precision
) is 'log2 of the score, moved forward in time by its half-life; -infinity where there is none.';
grant execute on function api.forward_bound(
    double precision, double precision, timestamptz, double precision
) to groundswell_service, groundswell_read;
