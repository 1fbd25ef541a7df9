-- Every place of every snapshot as a row, for dashboards.
-- Source: api.stored_place, core.item_hot. Feeds: the publisher, SQL dashboards.
create view api.ranking_entry as
select
    run.run_id,
    ranking.name as ranking,
    run.as_of,
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
    entry.comments,
    entry.shares,
    entry.components,
    hot.is_hot,
    entry.unedited_rank,
    entry.pinned,
    entry.featured
from core.ranking_run as run
inner join core.ranking as ranking on run.ranking_id = ranking.ranking_id
inner join api.stored_place as entry on run.run_id = entry.run_id
left join core.item as item on entry.item_id = item.item_id
left join core.item_hot as hot on entry.item_id = hot.item_id;

comment on view api.ranking_entry is
    'Places of all kept snapshots; filter by run_id, or by ranking and as_of.';
comment on column api.ranking_entry.run_id is 'Key of the run.';
comment on column api.ranking_entry.ranking is 'Name of the ranking.';
comment on column api.ranking_entry.as_of is 'The moment the scores hold for.';
comment on column api.ranking_entry.segment is 'The part ranked by itself; empty: all items.';
comment on column api.ranking_entry.rank is 'Place, from 1.';
comment on column api.ranking_entry.previous_rank is 'Place in the run before; null if new.';
comment on column api.ranking_entry.subject is
    'Name of the category or creator; null where items are ranked.';
comment on column api.ranking_entry.item_id is
    'core.item; null where items are not ranked.';
comment on column api.ranking_entry.content_id is 'The application''s id of the item.';
comment on column api.ranking_entry.content_type is 'Kind of content.';
comment on column api.ranking_entry.title is 'Title as the catalogue says now.';
comment on column api.ranking_entry.category is 'Category as the catalogue says now.';
comment on column api.ranking_entry.creator is 'Creator as the catalogue says now.';
comment on column api.ranking_entry.score is 'Points at as_of.';
comment on column api.ranking_entry.views is 'Views inside the window.';
comment on column api.ranking_entry.likes is 'Likes less unlikes inside the window.';
comment on column api.ranking_entry.comments is 'Comments less uncomments inside the window.';
comment on column api.ranking_entry.shares is 'Shares inside the window.';
comment on column api.ranking_entry.components is
    'What the score is made of; core.formula.component_names says what is what. Null once only '
    'one run an hour is kept.';
comment on column api.ranking_entry.is_hot is
    'Whether it is among the hottest fifth now; null where items are not ranked, or it is idle.';
comment on column api.ranking_entry.unedited_rank is
    'Place without editorial rules; null where only a rule has listed it.';
comment on column api.ranking_entry.pinned is 'Whether an editor has put it at this place.';
comment on column api.ranking_entry.featured is 'Whether an editor has put it before others.';
grant select on api.ranking_entry to groundswell_service, groundswell_read;
