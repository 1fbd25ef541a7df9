-- Approve or refuse an item that waits for review in a ranking, or decide again.
-- Source: PUT /admin/rankings/{name}/held/{id}, groundswell rules. Feeds: core.editorial_review.
-- Keeps: what was decided holds however often the item leaves and comes back; an item can be
-- decided before it ever comes.
create function api.decide_review(
    ranking_name text,
    content_type text,
    external_id text,
    is_approved boolean,
    reason text,
    decided_by text,
    as_of timestamptz default now()
)
returns bigint
language sql volatile
begin atomic
insert into core.editorial_review as review (
    ranking_id, item_id, place, held_at, is_approved, decided_by, decided_at, reason
)
select
    ranking.ranking_id,
    item.item_id,
    0,
    decide_review.as_of as held_at,
    decide_review.is_approved,
    decide_review.decided_by,
    decide_review.as_of as decided_at,
    decide_review.reason
from core.ranking as ranking
cross join core.item as item
where
    ranking.name = decide_review.ranking_name
    and item.content_type = decide_review.content_type
    and item.external_id = decide_review.external_id
on conflict (ranking_id, item_id) do update set
    is_approved = excluded.is_approved,
    decided_by = excluded.decided_by,
    decided_at = excluded.decided_at,
    reason = excluded.reason
returning review.item_id;
end;

comment on function api.decide_review(text, text, text, boolean, text, text, timestamptz) is
    'Approves or refuses an item in the top of a ranking that is held; answers its item_id, or '
    'null if the ranking or the item is unknown. '
    'Stable.';
grant execute on function api.decide_review(text, text, text, boolean, text, text, timestamptz)
to groundswell_service;
