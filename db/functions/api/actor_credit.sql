-- What some actions in a row count, when each counts a share of the next newer one.
-- Source: core.actor_policy. Feeds: api.note_discounts.
-- Keeps: the places begin at 1, the newest; beyond the fourth nothing counts. power(0, 0) is 1.
create function api.actor_credit(first bigint, last bigint, ratio double precision)
returns double precision
language sql immutable parallel safe
return (
    case when 1 between first and last then 1 else 0 end
    + case when 2 between first and last then ratio else 0 end
    + case when 3 between first and last then ratio * ratio else 0 end
    + case when 4 between first and last then ratio * ratio * ratio else 0 end
);

comment on function api.actor_credit(bigint, bigint, double precision) is
    'The sum of ratio^(place - 1) over the places from first to last, of which four count.';
