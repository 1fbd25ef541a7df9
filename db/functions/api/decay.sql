-- What is left of 1 after some time: a half after one half-life, all of it without a half-life.
-- Source: exponential decay, 2^(-age / half-life). Feeds: every score.
-- Keeps: never raises an overflow or underflow: it stops at a thousand half-lives, 1e-304. A
-- negative age grows. Each argument stands once, so that the planner can inline the call.
create function api.decay(age interval, half_life interval)
returns double precision
language sql immutable parallel safe
return case
    when half_life is null then 1.0
    else exp(
        greatest(
            -700,
            least(700, -ln(2.0::float8) * date_part('epoch', age) / date_part('epoch', half_life))
        )
    )
end;

comment on function api.decay (interval, interval) is
    '2^(-age / half_life); 1 where half_life is null.';
grant execute on function api.decay (interval, interval)
to groundswell_service, groundswell_read;
