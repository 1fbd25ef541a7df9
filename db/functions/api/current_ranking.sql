-- Every place of the newest snapshot of every ranking as a row, for dashboards.
-- Source: core.ranking, core.ranking_run, api.stored_place.
-- Feeds: SQL dashboards.
-- Keeps: of few tables, so that the planner looks up the one run that is asked for, however many
-- are kept; joined from api.latest_run and api.ranking_entry it reads all of them.
create view api.current_ranking as
select
    ranking.name as ranking,
    run.run_id,
    run.as_of,
    run.confirmed_at,
    entry.segment,
    entry.rank,
    entry.previous_rank,
    entry.subject,
    entry.item_id,
    item.external_id as content_id,
    item.content_type,
    item.title,
    item.category,
    item.creator,
    entry.score,
    entry.views,
    entry.likes,
    entry.shares,
    entry.components,
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
inner join api.stored_place as entry on run.run_id = entry.run_id
left join core.item as item on entry.item_id = item.item_id;

comment on view api.current_ranking is
    'Places of the newest snapshot of each ranking; filter by ranking and segment. '
    'Stable.';
comment on column api.current_ranking.ranking is 'Public name of the ranking.';
comment on column api.current_ranking.run_id is 'Its newest run.';
comment on column api.current_ranking.as_of is 'The moment the scores hold for.';
comment on column api.current_ranking.confirmed_at is 'Up to when its order is known to hold.';
comment on column api.current_ranking.segment is
    'The part ranked by itself, such as category:Music; empty: the whole.';
comment on column api.current_ranking.rank is 'Place, from 1.';
comment on column api.current_ranking.previous_rank is
    'Place in the snapshot before; null for who was not in it.';
comment on column api.current_ranking.subject is
    'Name of the category or creator; null where items are ranked.';
comment on column api.current_ranking.item_id is 'core.item; null where items are not ranked.';
comment on column api.current_ranking.content_id is 'The application''s id of the item.';
comment on column api.current_ranking.content_type is 'Kind of content.';
comment on column api.current_ranking.title is 'Title as the catalogue says.';
comment on column api.current_ranking.category is 'Category as the catalogue says.';
comment on column api.current_ranking.creator is 'Creator as the catalogue says.';
comment on column api.current_ranking.score is 'What it is ordered by.';
comment on column api.current_ranking.views is 'Views inside the window.';
comment on column api.current_ranking.likes is 'Likes less unlikes inside the window.';
comment on column api.current_ranking.shares is 'Shares inside the window.';
comment on column api.current_ranking.components is
    'What the score is made of; core.formula.component_names says what is what.';
comment on column api.current_ranking.pinned is 'Whether an editor has put it at this place.';
comment on column api.current_ranking.featured is 'Whether an editor has put it before others.';
grant select on api.current_ranking to groundswell_service, groundswell_read;
