-- Every place that every kept run gave an item, for dashboards.
-- Source: core.ranking, core.ranking_run, core.ranking_snapshot, core.item.
-- Feeds: SQL dashboards.
-- Keeps: rank and score are those that the run stored; the names are as of now. A condition on
-- ranking and as_of is one on the index of runs (ranking_run_newest), so that no list of another
-- time is unpacked. Items are looked up by key, a place at a time.
create view api.rank_history as
select
    ranking.name as ranking,
    run.as_of,
    run.run_id,
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.category,
    item.creator,
    place.rank::integer as rank,
    place.score,
    place.item_id
from core.ranking as ranking
inner join core.ranking_run as run on ranking.ranking_id = run.ranking_id
inner join core.ranking_snapshot as snapshot
    on run.run_id = snapshot.run_id and snapshot.segment = ''
cross join
    lateral unnest(snapshot.item_ids, snapshot.scores)
        with ordinality as place (item_id, score, rank)
inner join core.item as item on place.item_id = item.item_id;

comment on view api.rank_history is
    'Rank and score of each item in each kept run of each ranking of items; filter by ranking and '
    'as_of. '
    'Stable.';
comment on column api.rank_history.ranking is 'Public name of the ranking.';
comment on column api.rank_history.as_of is 'The moment the scores of the run hold for.';
comment on column api.rank_history.run_id is 'The run; rises with each.';
comment on column api.rank_history.content_type is 'Kind of content.';
comment on column api.rank_history.content_id is 'The application''s id of the item.';
comment on column api.rank_history.title is 'Title as the catalogue says.';
comment on column api.rank_history.category is 'Category as the catalogue says.';
comment on column api.rank_history.creator is 'Creator as the catalogue says.';
comment on column api.rank_history.rank is 'Place in the whole list, from 1.';
comment on column api.rank_history.score is 'What it was ordered by.';
comment on column api.rank_history.item_id is 'core.item.';
grant select on api.rank_history to groundswell_service, groundswell_read;
