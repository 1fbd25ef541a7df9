-- What is left of 1 after some time: a half after one half-life, all of it without a half-life.
-- Source: exponential decay, 2^(-age / half-life). Feeds: every score.
-- Keeps: never raises an overflow or underflow, nor does a sum times it (api.without_dust): after
-- 430 half-lives nothing is left. A negative age grows, to 1e130 at most. Each argument stands
-- once, so that the planner can inline the call.
create function api.decay(age interval, half_life interval)
returns double precision
language sql immutable parallel safe
return case
    when half_life is null then 1.0
    else greatest(
        0,
        exp(
            greatest(
                -300,
                least(
                    300, -ln(2.0::float8) * date_part('epoch', age) / date_part('epoch', half_life)
                )
            )
        )
        -- A little more than e^-300, and nothing beside what can be told apart from nothing.
        - 6e-131
    )
end;

comment on function api.decay(interval, interval) is
    '2^(-age / half_life); 1 where half_life is null, 0 after 430 half-lives.';
grant execute on function api.decay(interval, interval)
to groundswell_service, groundswell_read;
