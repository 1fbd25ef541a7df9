-- The items that wait for review, and those that were decided.
-- Source: core.editorial_review, core.ranking, core.item. Feeds: GET /admin/rankings/{name}/held,
-- GET /metrics, SQL dashboards.
create view api.editorial_review as
select
    ranking.name as ranking,
    item.content_type,
    item.external_id as content_id,
    item.title,
    item.creator,
    review.place,
    review.held_at,
    review.is_approved,
    review.decided_by,
    review.decided_at,
    review.reason,
    review.ranking_id,
    review.item_id
from core.editorial_review as review
inner join core.ranking as ranking on review.ranking_id = ranking.ranking_id
inner join core.item as item on review.item_id = item.item_id;

comment on view api.editorial_review is
    'Items that came within the top of a ranking that is held; is_approved is null for those '
    'that wait. '
    'Stable.';
comment on column api.editorial_review.ranking is 'Name of the ranking.';
comment on column api.editorial_review.content_type is 'Kind of content.';
comment on column api.editorial_review.content_id is 'The application''s id of the item.';
comment on column api.editorial_review.title is 'Title as the catalogue says.';
comment on column api.editorial_review.creator is 'Creator as the catalogue says.';
comment on column api.editorial_review.place is
    'The place it would have had when it was held; 0: it was decided before it came.';
comment on column api.editorial_review.held_at is 'When it first came there.';
comment on column api.editorial_review.is_approved is 'What was decided; null: it waits.';
comment on column api.editorial_review.decided_by is 'Who decided.';
comment on column api.editorial_review.decided_at is 'When.';
comment on column api.editorial_review.reason is 'Why.';
comment on column api.editorial_review.ranking_id is 'core.ranking.';
comment on column api.editorial_review.item_id is 'core.item.';
grant select on api.editorial_review to groundswell_service, groundswell_read;
