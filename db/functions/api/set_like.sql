-- Set, take back or toggle the like of one user for one item, and record the event that this is.
-- Source: POST, PUT and DELETE /items/{id}/like.
-- Feeds: core.item_like, core.item_like_count, core.event, core.score_feed.
-- Keeps: state, count and event change in one transaction or not at all, and the likes less the
-- unlikes of a user and item are 0 or 1. With the rights of its owner: the API has none on these
-- tables, so it cannot change one without the other. `wanted` null toggles: the row is locked by
-- the statement that turns it round, so any number at once do so one after the other. Nothing is
-- recorded where nothing changes. A like registers an unknown item where `registers` says so; no
-- row where there is no item.
create function api.set_like(
    user_id text,
    content_type text,
    external_id text,
    wanted boolean,
    registers boolean,
    event_id uuid,
    as_of timestamptz
)
returns table (
    has_liked boolean, likes bigint, version bigint, item_id bigint, transaction_id bigint
)
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
insert into core.item (content_type, external_id)
select
    set_like.content_type,
    set_like.external_id
where
    set_like.registers
    and set_like.wanted is distinct from false
    and not exists (
        select
        from core.item as known
        where
            known.content_type = set_like.content_type
            and known.external_id = set_like.external_id
    )
on conflict on constraint item_external_id_unique do nothing;

with wished as (
    select item.item_id
    from core.item as item
    where
        item.content_type = set_like.content_type
        and item.external_id = set_like.external_id
),

turned_on as (
    insert into core.item_like as known (item_id, user_id, liked, changed_at)
    select
        wished.item_id,
        set_like.user_id,
        true,
        set_like.as_of
    from wished
    where set_like.wanted is distinct from false
    on conflict on constraint item_like_one_per_user do update set
        liked = coalesce(set_like.wanted, not known.liked),
        changed_at = excluded.changed_at
    where known.liked is distinct from set_like.wanted
    returning known.item_id, known.liked
),

turned_off as (
    update core.item_like as known
    set
        liked = false,
        changed_at = set_like.as_of
    from wished
    where
        set_like.wanted = false
        and known.liked
        and known.item_id = wished.item_id
        and known.user_id = set_like.user_id
    returning known.item_id, known.liked
)

select
    core.record_event(
        set_like.event_id,
        set_like.as_of,
        turned.item_id,
        case when turned.liked then 'like' else 'unlike' end::core.event_type,
        set_like.user_id
    )
from (
    select
        turned_on.item_id,
        turned_on.liked
    from turned_on
    union all
    select
        turned_off.item_id,
        turned_off.liked
    from turned_off
) as turned;

select
    coalesce(mine.liked, false),
    coalesce(counted.likes, 0),
    coalesce(counted.version, 0),
    item.item_id,
    -- Only a change has an event, and is something to add to the live counts of top lists.
    case
        when exists (
            select
            from core.event
            where event.event_id = set_like.event_id and event.occurred_at = set_like.as_of
        ) then pg_current_xact_id()::text::bigint
    end
from core.item as item
left join core.item_like as mine
    on item.item_id = mine.item_id and mine.user_id = set_like.user_id
left join core.item_like_count as counted on item.item_id = counted.item_id
where
    item.content_type = set_like.content_type
    and item.external_id = set_like.external_id;
end;

comment on function api.set_like(text, text, text, boolean, boolean, uuid, timestamptz) is
    'Sets (true), takes back (false) or toggles (null) a user''s like; answers whether it is liked '
    'now, by how many, the version of that count, the item, and the transaction of the change.';
revoke execute on function api.set_like(text, text, text, boolean, boolean, uuid, timestamptz)
from public;
grant execute on function api.set_like(text, text, text, boolean, boolean, uuid, timestamptz)
to groundswell_service;
