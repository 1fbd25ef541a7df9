-- Which items the same users turn to: what recommendations are made of, and how they are tuned.
-- Source: api.count_neighbours. Feeds: api.recommendations.

create table core.recommendation_policy (
    is_only boolean primary key default true,
    reach interval not null default interval '1 day',
    trail integer not null default 10,
    daily integer not null default 200,
    half_life interval not null default interval '14 days',
    neighbours integer not null default 50,
    shrink double precision not null default 3,
    damping double precision not null default 0.3,
    seeds integer not null default 100,
    recency double precision not null default 0.5,
    per_creator integer not null default 3,
    view_weight double precision not null default 1,
    like_weight double precision not null default 5,
    comment_weight double precision not null default 3,
    share_weight double precision not null default 4,
    watch_weight double precision not null default 1,
    count_every interval not null default interval '1 hour',
    lag interval not null default interval '10 minutes',
    history interval not null default interval '30 days',
    constraint recommendation_policy_one_row check (is_only),
    -- A user's day is in reach as a whole, so that `daily` can be told.
    constraint recommendation_policy_reach_bounded check (
        reach between interval '1 day' and interval '30 days'
    ),
    constraint recommendation_policy_trail_bounded check (trail between 1 and 100),
    constraint recommendation_policy_daily_positive check (daily >= 1),
    constraint recommendation_policy_half_life_positive check (half_life >= interval '1 hour'),
    constraint recommendation_policy_neighbours_bounded check (neighbours between 1 and 50),
    constraint recommendation_policy_shrink_positive check (shrink >= 0),
    constraint recommendation_policy_damping_bounded check (damping between 0 and 1),
    constraint recommendation_policy_seeds_bounded check (seeds between 1 and 100),
    constraint recommendation_policy_recency_bounded check (recency between 0 and 2),
    constraint recommendation_policy_per_creator_positive check (per_creator >= 1),
    constraint recommendation_policy_weight_positive check (
        least(view_weight, like_weight, comment_weight, share_weight, watch_weight) >= 0
    ),
    constraint recommendation_policy_count_every_positive check (
        count_every >= interval '1 minute'
    ),
    constraint recommendation_policy_lag_positive check (lag >= interval '0 seconds'),
    constraint recommendation_policy_history_bounded check (
        history between interval '1 hour' and interval '32 days'
    )
);
insert into core.recommendation_policy default values;

comment on table core.recommendation_policy is
    'How recommendations are made, one row. What is counted follows a change from then on; '
    'api.recount_neighbours makes it hold for what was counted before.';
comment on column core.recommendation_policy.is_only is 'Always true: there is one row.';
comment on column core.recommendation_policy.reach is
    'Two actions of a user belong together when they are no further apart.';
comment on column core.recommendation_policy.trail is
    'An action is paired with the items of at most so many actions before it.';
comment on column core.recommendation_policy.daily is
    'Actions of one user that are paired on one day (UTC): no more of a flood.';
comment on column core.recommendation_policy.half_life is 'After it a pair weighs half.';
comment on column core.recommendation_policy.neighbours is
    'How many others are kept of each item, the heaviest.';
comment on column core.recommendation_policy.shrink is
    'A pair of this weight is believed by half: w / (w + shrink).';
comment on column core.recommendation_policy.damping is
    'Exponent of what is divided by, the totals of both items; 0 lets popular ones flood all.';
comment on column core.recommendation_policy.seeds is
    'A user''s newest items that candidates are looked for beside.';
comment on column core.recommendation_policy.recency is
    'Exponent of an item''s place among them, the newest first, that its weight is divided by; 0 '
    'takes old ones for as telling as new ones.';
comment on column core.recommendation_policy.per_creator is
    'Most items of one creator in an answer.';
comment on column core.recommendation_policy.view_weight is 'Weight of a view.';
comment on column core.recommendation_policy.like_weight is 'Weight of a like.';
comment on column core.recommendation_policy.comment_weight is 'Weight of a comment.';
comment on column core.recommendation_policy.share_weight is 'Weight of a share.';
comment on column core.recommendation_policy.watch_weight is 'Weight of a report of watch time.';
comment on column core.recommendation_policy.count_every is
    'New pairs are counted together, so that an item''s row is written once for all of them.';
comment on column core.recommendation_policy.lag is
    'How far counting stays behind the newest event: what arrives later than this after its time '
    'is in no pair.';
comment on column core.recommendation_policy.history is 'How far back the first count goes.';

create table core.item_neighbour (
    item_id bigint primary key,
    decayed_to timestamptz not null,
    total double precision not null,
    others bigint[] not null,
    weights real[] not null
) with (fillfactor = 50);

comment on table core.item_neighbour is
    'The items that each item goes together with. Whose they were is in none of it.';
comment on column core.item_neighbour.item_id is 'core.item.';
comment on column core.item_neighbour.decayed_to is
    'The moment at which the sums have their value.';
comment on column core.item_neighbour.total is
    'Weight of all its pairs, also of those that are not kept.';
comment on column core.item_neighbour.others is 'core.item, the heaviest pair first.';
comment on column core.item_neighbour.weights is 'Weight of the pair with each of others.';

create table core.neighbour_progress (
    is_only boolean primary key default true,
    counted_to timestamptz,
    constraint neighbour_progress_one_row check (is_only)
);
insert into core.neighbour_progress default values;

comment on table core.neighbour_progress is 'How far pairs are counted, one row.';
comment on column core.neighbour_progress.is_only is 'Always true: there is one row.';
comment on column core.neighbour_progress.counted_to is
    'Events up to it are in core.item_neighbour; null: none are.';
