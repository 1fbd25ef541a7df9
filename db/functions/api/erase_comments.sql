-- Erase what a user has written, or what was written below an item.
-- Source: POST /admin/erasures, DELETE /me, groundswell erase. Feeds: core.comment.
-- Keeps: texts go, whether counts stay or not; the events are api.erase_events' to erase.
create function api.erase_comments(user_id text, item_id bigint)
returns bigint
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
with erased as (
    delete from core.comment as known
    where known.user_id = erase_comments.user_id or known.item_id = erase_comments.item_id
    returning known.comment_id
)

select count(*) from erased;
end;

comment on function api.erase_comments(text, bigint) is
    'Deletes the comments of a user or of an item; answers how many there were.';
revoke execute on function api.erase_comments(text, bigint) from public;
grant execute on function api.erase_comments(text, bigint) to groundswell_service;
