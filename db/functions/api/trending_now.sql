-- What trends now, in each window, as GET /analytics/trending answers.
-- Source: core.ranking, core.ranking_run, api.stored_place, core.item, core.item_hot.
-- Feeds: SQL dashboards.
-- Keeps: of the newest run of each window's own ranking; of few tables, as api.current_ranking is.
create view api.trending_now as
select
    ranking."window",
    entry.rank,
    entry.previous_rank,
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.category,
    item.creator,
    entry.score,
    coalesce(hot.is_hot, false) as is_hot,
    entry.views,
    entry.likes,
    entry.comments,
    entry.shares,
    run.as_of,
    run.confirmed_at,
    entry.item_id,
    entry.pinned,
    entry.featured
from core.ranking as ranking
cross join lateral (
    select newest.*
    from core.ranking_run as newest
    where newest.ranking_id = ranking.ranking_id
    order by newest.as_of desc, newest.run_id desc
    limit 1
) as run
inner join api.stored_place as entry on run.run_id = entry.run_id and entry.segment = ''
inner join core.item as item on entry.item_id = item.item_id
left join core.item_hot as hot on entry.item_id = hot.item_id
where ranking.name = 'trending_' || ranking."window";

comment on view api.trending_now is
    'Trending items of each window, as the API lists them; filter by window. '
    'Stable.';
comment on column api.trending_now."window" is '1h, 24h, 7d, 30d or all.';
comment on column api.trending_now.rank is 'Place, from 1.';
comment on column api.trending_now.previous_rank is
    'Place in the snapshot before; null for who was not in it.';
comment on column api.trending_now.content_type is 'Kind of content.';
comment on column api.trending_now.content_id is 'The application''s id of the item.';
comment on column api.trending_now.title is 'Title as the catalogue says.';
comment on column api.trending_now.category is 'Category as the catalogue says.';
comment on column api.trending_now.creator is 'Creator as the catalogue says.';
comment on column api.trending_now.score is 'What it is ordered by.';
comment on column api.trending_now.is_hot is 'Whether it is among the hottest fifth.';
comment on column api.trending_now.views is 'Views inside the window.';
comment on column api.trending_now.likes is 'Likes less unlikes inside the window.';
comment on column api.trending_now.comments is 'Comments less uncomments inside the window.';
comment on column api.trending_now.shares is 'Shares inside the window.';
comment on column api.trending_now.as_of is 'The moment the scores hold for.';
comment on column api.trending_now.confirmed_at is 'Up to when the order is known to hold.';
comment on column api.trending_now.item_id is 'core.item.';
comment on column api.trending_now.pinned is 'Whether an editor has put it at this place.';
comment on column api.trending_now.featured is 'Whether an editor has put it before others.';
grant select on api.trending_now to groundswell_service, groundswell_read;
