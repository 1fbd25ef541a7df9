-- migrate:up
-- Rankings of films, series and anime that are made anew once a day, and the formula that half of
-- them use. Source: this file; zone: `groundswell migrate` (GROUNDSWELL_ZONE) or the DBA.
-- Feeds: api.run_rankings, POST /admin/rankings/refresh.

insert into core.formula (name, description, source, component_names, default_options)
values (
    'rating',
    'Average rating, drawn towards the mean of its content type by few ratings; without a rating, '
    'the lower bound of the share of views that became likes.',
    'Bayesian average, as of IMDb''s Top 250; Wilson, JASA 22 (1927), where there is no rating.',
    '{rating,ratings,mean,likes,views}',
    '{"scale": 10, "strength": 50, "z": 1.96}'
);

-- Rated items stand in their list without an event, so the formula looks for them by themselves.
create index item_rated on core.item (content_type) where attributes ? 'rating';

create table core.daily_ranking (
    ranking_id integer primary key references core.ranking on delete cascade,
    zone text not null default 'UTC'
);

comment on table core.daily_ranking is
    'The daily rankings: what POST /admin/rankings/refresh?group=daily computes, and whose zone '
    'follows GROUNDSWELL_ZONE. Insert the ranking_id of one of your own to let it do so, too.';
comment on column core.daily_ranking.ranking_id is 'core.ranking.';
comment on column core.daily_ranking.zone is
    'The zone that groundswell migrate gave it last; one that has another in core.ranking was '
    'given it by hand, and keeps it.';

-- At two, most people sleep and the day before is whole. Two dozen hours in Redis, as long as until
-- the next run: the publisher brings back what ran out before it.
insert into core.ranking
(name, formula, "window", content_type, size, schedule, redis_ttl)
values
('hot_movie', 'minmax_hot', '24h', 'movie', 1000, '0 2 * * *', interval '24 hours'),
('hot_tv', 'minmax_hot', '24h', 'tv', 1000, '0 2 * * *', interval '24 hours'),
('hot_anime', 'minmax_hot', '24h', 'anime', 1000, '0 2 * * *', interval '24 hours'),
('score_movie', 'rating', 'all', 'movie', 1000, '0 2 * * *', interval '24 hours'),
('score_tv', 'rating', 'all', 'tv', 1000, '0 2 * * *', interval '24 hours'),
('score_anime', 'rating', 'all', 'anime', 1000, '0 2 * * *', interval '24 hours'),
('top_100', 'rating', 'all', null, 100, '0 2 * * *', interval '24 hours')
on conflict on constraint ranking_name_unique do nothing;

insert into core.daily_ranking (ranking_id)
select ranking.ranking_id
from core.ranking as ranking
where
    ranking.name in (
        'hot_movie', 'hot_tv', 'hot_anime', 'score_movie', 'score_tv', 'score_anime', 'top_100'
    )
    and ranking.schedule = '0 2 * * *';

-- migrate:down
delete from core.ranking
where
    formula = 'rating'
    or ranking_id in (select daily.ranking_id from core.daily_ranking as daily);
delete from core.formula
where name = 'rating';
drop table core.daily_ranking;
-- squawk-ignore require-concurrent-index-deletion
drop index core.item_rated;
