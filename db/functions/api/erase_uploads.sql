-- Erase whose uploads were a user's, and drop those of an item.
-- Source: POST /admin/erasures, DELETE /me, groundswell erase.
-- Feeds: core.upload, api.claim_removals.
-- Keeps: what is not finalised is dropped, and with an item its files; what a user has finalised
-- stays, as its item does, and says no more whose it was.
create function api.erase_uploads(user_id text, item_id bigint, as_of timestamptz)
returns bigint
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
with erased as (
    update core.upload as known
    set
        owner = case
            when known.owner = 'user:' || erase_uploads.user_id then 'erased'
            else known.owner
        end,
        entry = case
            when known.state = 'finalized' and known.item_id is distinct from erase_uploads.item_id
                then known.entry - 'creator'
            else '{}'
        end,
        state = case
            when known.state = 'finalized' and known.item_id is distinct from erase_uploads.item_id
                then 'finalized'
            else 'dropped'
        end,
        remove_at = case
            when known.state = 'finalized' and known.item_id is distinct from erase_uploads.item_id
                then null::timestamptz
            else coalesce(known.remove_at, erase_uploads.as_of)
        end
    where
        known.owner = 'user:' || erase_uploads.user_id
        or known.item_id = erase_uploads.item_id
    returning known.upload_id
)

select count(*) from erased;
end;

comment on function api.erase_uploads(text, bigint, timestamptz) is
    'Makes the uploads of a user nobody''s, dropping those that are pending, and drops those of an '
    'item; answers how many there were.';
revoke execute on function api.erase_uploads(text, bigint, timestamptz) from public;
grant execute on function api.erase_uploads(text, bigint, timestamptz) to groundswell_service;
