-- How many of a weighted_decay ranking's highest bounds must be known.
-- Source: core.ranking. Feeds: api.raise_floors, api.bound_scores.
-- Keeps: what api.weighted_decay_segments reads, and hardly ever less than weighted_decay_top does.
create function api.bound_depth(ranking core.ranking)
returns bigint
language sql immutable parallel safe
return greatest(
    3 * (ranking).size + 300,
    case when (ranking).segments <> '{}' then greatest(5000, 20 * (ranking).segment_size) end
);

comment on function api.bound_depth(core.ranking) is
    'Down to which place bounds must be known; a quarter more of them are kept.';
