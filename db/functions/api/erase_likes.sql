-- Erase whose a user's likes are, or the likes themselves.
-- Source: POST /admin/erasures, groundswell erase. Feeds: core.item_like, core.item_like_count.
-- Keeps: without `purges` a like stays as nobody's, under a random name, so that counts stay.
create function api.erase_likes(user_id text, purges boolean)
returns bigint
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
delete from core.item_like as known
where
    known.user_id = erase_likes.user_id
    and (erase_likes.purges or not known.liked);

with erased as (
    update core.item_like as known
    set user_id = 'erased-' || gen_random_uuid()
    where known.user_id = erase_likes.user_id
    returning known.item_id
)

select count(*) from erased;
end;

comment on function api.erase_likes(text, boolean) is
    'Makes a user''s likes nobody''s, or deletes them; answers how many stay.';
revoke execute on function api.erase_likes(text, boolean) from public;
grant execute on function api.erase_likes(text, boolean) to groundswell_service;
