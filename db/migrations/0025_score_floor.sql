-- migrate:up
-- A floor under the bounds that are kept: an item whose bound lies below it is far from every list,
-- so its bound need not be known. Its row then has nothing new for an index, and an event rewrites
-- it in its page instead of adding to two indexes.
-- Source: api.raise_floors. Feeds: api.add_to_scores, api.weighted_decay_top and -segments.

alter table core.ranking_state
add column floor double precision not null default '-infinity';
comment on column core.ranking_state.floor is
    'Bounds below this are kept as -infinity: what has such a bound may score up to the floor. '
    '-infinity: all bounds are known. Kept by api.raise_floors.';
comment on column core.ranking_score.bound is
    'Upper bound of the score that holds at any later time, in log2 and forward in time: '
    'log2(score now) + seconds since 1970 / half-life. Comparable between items of a ranking. '
    '-infinity: without points, or below core.ranking_state.floor.';

-- It is rebuilt while the scoring job, the only writer, waits; readers need not.
-- squawk-ignore require-concurrent-index-deletion
drop index core.ranking_score_by_bound;
-- squawk-ignore require-concurrent-index-creation
create index ranking_score_by_bound on core.ranking_score (ranking_id, bound desc)
where bound > '-infinity';

-- migrate:down
-- squawk-ignore require-concurrent-index-deletion
drop index core.ranking_score_by_bound;
-- squawk-ignore require-concurrent-index-creation
create index ranking_score_by_bound on core.ranking_score (ranking_id, bound desc);
-- As if their weights had changed, the next run computes all bounds.
update core.ranking_state set weights = weights || 0::double precision
where weights is not null;
-- squawk-ignore ban-drop-column
alter table core.ranking_state drop column floor;
