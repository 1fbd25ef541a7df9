-- What is left of 1 after some time: api.decay_factor of two intervals.
-- Source: api.decay_factor. Feeds: every score.
-- Keeps: the age stands once, so that the planner can inline the call.
create function api.decay(age interval, half_life interval)
returns double precision
language sql immutable parallel safe
return api.decay_factor(date_part('epoch', age), date_part('epoch', half_life));

comment on function api.decay(interval, interval) is
    '2^(-age / half_life); 1 where half_life is null, 0 after 430 half-lives.';
grant execute on function api.decay(interval, interval)
to groundswell_service, groundswell_read;
