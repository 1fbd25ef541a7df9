-- The register of HyperLogLog that a viewer falls into, and its rank there, as one number below 0.
-- Source: a viewer's hash. Feeds: api.add_viewers, api.sketch_viewers, api.count_viewers.
-- Keeps: the last 13 bits are the register, the rank is the place of the lowest 1 of the other 50
-- (51 without any). Higher ranks of a register are lower numbers and lie side by side. Not strict,
-- which would keep it from being inlined: a call a viewer costs thirty times as much.
create function api.viewer_entry(viewer bigint)
returns bigint
language sql immutable parallel safe
return -1 - 64 * (viewer & 8191) - case viewer >> 13
    when 0 then 51
    else
        1 + round(
            ln(((viewer >> 13) & -(viewer >> 13))::double precision) / ln(2::double precision)
        )::bigint
end;

comment on function api.viewer_entry(bigint) is
    'Minus 1 less 64 times the register less the rank of a viewer, as core.viewer_day has them.';
grant execute on function api.viewer_entry(bigint) to groundswell_service, groundswell_read;
