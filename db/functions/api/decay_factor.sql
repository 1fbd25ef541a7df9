-- What is left of 1 after some seconds: a half after one half-life, all of it without a half-life.
-- Source: exponential decay, 2^(-age / half-life). Feeds: api.decay, and what decays many sums.
-- Keeps: never raises an overflow or underflow, nor does a sum times it (api.without_dust): after
-- 430 half-lives nothing is left. A negative age grows, to 1e130 at most. The age stands once, so
-- that the planner can inline the call.
create function api.decay_factor(age_seconds double precision, half_life_seconds double precision)
returns double precision
language sql immutable parallel safe
return case
    when half_life_seconds is null then 1.0
    else greatest(
        0,
        exp(greatest(-300, least(300, -ln(2.0::float8) * age_seconds / half_life_seconds)))
        -- A little more than e^-300, and nothing beside what can be told apart from nothing.
        - 6e-131
    )
end;

comment on function api.decay_factor(double precision, double precision) is
    '2^(-age / half_life), both in seconds; 1 where half_life_seconds is null, 0 after 430 '
    'half-lives.';
grant execute on function api.decay_factor(double precision, double precision)
to groundswell_service, groundswell_read;
