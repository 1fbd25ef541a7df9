-- The scoring formulas there are, with their options, and the weights where a ranking names none.
-- Source: this file; weights: `groundswell migrate` (GROUNDSWELL_WEIGHT_*). Feeds: core.ranking.

create table core.formula (
    name text primary key,
    description text not null,
    source text not null,
    component_names text[] not null,
    default_options jsonb not null,
    constraint formula_options_object check (jsonb_typeof(default_options) = 'object')
);

comment on table core.formula is
    'Scoring formulas. Each is the SQL function of that name in schema api, or in schema formula '
    'if it is a DBA''s own.';
comment on column core.formula.name is 'What core.ranking.formula names.';
comment on column core.formula.description is 'The formula in one sentence.';
comment on column core.formula.source is 'The paper or system it is taken from.';
comment on column core.formula.component_names is
    'What the numbers of an entry''s components are, in their order.';
comment on column core.formula.default_options is
    'Every option with its default; a ranking''s options may change these and no others.';

insert into core.formula (name, description, source, component_names, default_options)
values
(
    'weighted_decay',
    'Weighted counts that halve every half-life, plus the same with a shorter half-life.',
    'Forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009.',
    '{views,likes,comments,shares,watchMinutes,recentViews,recentLikes,recentComments,'
    'recentShares,recentWatchMinutes}',
    '{"discount": 1}'
),
(
    'minmax_hot',
    'Min-max normalised views and shares of the window, and e^(-lambda hours since an event).',
    'Min-max normalisation over the active items, with exponential recency.',
    '{hits,shares,recency}',
    '{"hits": 0.60, "shares": 0.25, "recency": 0.15, "lambda": 0.1, "hotShare": 0.2}'
),
(
    'top_count',
    'One plain count inside the window.',
    'Counting.',
    '{count}',
    '{"metric": "views"}'
),
(
    'wilson',
    'Lower bound of the share of views that became likes.',
    'Wilson, JASA 22 (1927); Miller, How Not To Sort By Average Rating (2009).',
    '{likes,views}',
    '{"z": 1.96}'
),
(
    'reddit_hot',
    'Order of magnitude of the points, plus the age of the item in steps of 12.5 hours.',
    'Reddit''s hot sort: Munroe, Salihefendic (2010).',
    '{magnitude,age}',
    '{"seconds": 45000}'
),
(
    'gravity',
    'Points against age: (points - 1)^0.8 / (hours + 2)^1.8.',
    'Hacker News: Graham, news.arc (2009).',
    '{points,ageHours}',
    '{"pointsExponent": 0.8, "ageExponent": 1.8, "ageOffset": 2}'
),
(
    'breakout',
    'Count in the window against what the baseline leads one to expect, shrunk towards 1.',
    'Gamma-Poisson shrinker: DuMouchel, The American Statistician 53 (1999).',
    '{recent,expected,baseline,siteGrowth}',
    '{"metric": "views", "strength": 10, "minSupport": 20}'
),
(
    'rating',
    'Average rating, drawn towards the mean of its content type by few ratings; without a rating, '
    'the lower bound of the share of views that became likes.',
    'Bayesian average, as of IMDb''s Top 250; Wilson, JASA 22 (1927), where there is no rating.',
    '{rating,ratings,mean,likes,views}',
    '{"scale": 10, "strength": 50, "z": 1.96, "contentTypes": []}'
);

create table core.default_weight (
    metric text primary key,
    weight double precision not null,
    shipped_weight double precision not null,
    is_of_environment boolean not null default false,
    constraint default_weight_metric_known check (
        metric in ('view', 'like', 'comment', 'share', 'watch_minute')
    ),
    constraint default_weight_sensible check (weight between 0 and 1000000)
);

comment on table core.default_weight is
    'Points of one event where a ranking leaves its weight null. Set by groundswell migrate.';
comment on column core.default_weight.metric is 'What is counted.';
comment on column core.default_weight.weight is 'Its points.';
comment on column core.default_weight.shipped_weight is 'The points that Groundswell comes with.';
comment on column core.default_weight.is_of_environment is
    'Whether the environment set it: once it does no more, shipped_weight is in force again.';

insert into core.default_weight (metric, weight, shipped_weight)
values
('view', 1, 1), ('like', 5, 5), ('comment', 3, 3), ('share', 4, 4), ('watch_minute', 0.1, 0.1);
