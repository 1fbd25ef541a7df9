-- What is left of 1 after some time: a half after one half-life, all of it without a half-life.
-- Source: exponential decay, 2^(-age / half-life). Feeds: every score.
-- Keeps: never raises underflow: after a thousand half-lives nothing is left. A negative age grows.
create function api.decay(age interval, half_life interval)
returns double precision
language sql immutable parallel safe
return case
    when half_life is null then 1.0
    when age > 1000 * half_life then 0.0
    else exp(-ln(2.0::float8) * date_part('epoch', age) / date_part('epoch', half_life))
end;

comment on function api.decay (interval, interval) is
    '2^(-age / half_life); 1 where half_life is null.';
grant execute on function api.decay (interval, interval)
to groundswell_service, groundswell_read;
