-- Lower bound of the Wilson score interval for a share that was seen in so many trials.
-- Source: E. B. Wilson, JASA 22 (1927). Feeds: api.wilson, api.rating.
-- Keeps: between 0 and 1. One expression, so that it is inlined where the arguments are columns.
create function api.wilson_bound(
    share double precision, trials double precision, z double precision
)
returns double precision
language sql immutable parallel safe
return greatest(
    0,
    (
        share + z ^ 2 / (2 * trials)
        - z * sqrt((share * (1 - share) + z ^ 2 / (4 * trials)) / trials)
    ) / (1 + z ^ 2 / trials)
);

comment on function api.wilson_bound(
    double precision, double precision, double precision
) is
    'The share that can be believed in after so many trials (above 0), with confidence z (1.96 is '
    '95 %).';
grant execute on function api.wilson_bound(
    double precision, double precision, double precision
) to groundswell_service, groundswell_read;
