-- Delete a comment, and record the event that this is.
-- Source: DELETE /items/{id}/comments/{commentId}, DELETE /admin/comments/{commentId}.
-- Feeds: core.comment, core.event, core.score_feed.
-- Keeps: the text and the count go in one transaction, and a comment takes one back, however often
-- it is deleted at once: the row is locked by the statement that empties it. Only its author's,
-- where `author` names one, and only below the item, where `external_id` names one. One that is
-- deleted already is answered without a transaction; no row where there is none.
create function api.delete_comment(
    comment_id uuid,
    author text,
    content_type text,
    external_id text,
    event_id uuid,
    as_of timestamptz
)
returns table (
    item_type text, item_name text, item_id bigint, transaction_id bigint
)
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
with emptied as (
    update core.comment as known
    set
        text = null,
        text_digest = null,
        deleted_at = delete_comment.as_of
    from core.item as item
    where
        known.comment_id = delete_comment.comment_id
        and known.deleted_at is null
        and known.item_id = item.item_id
        and known.user_id = coalesce(delete_comment.author, known.user_id)
        and (
            delete_comment.external_id is null
            or (
                item.content_type = delete_comment.content_type
                and item.external_id = delete_comment.external_id
            )
        )
    returning known.item_id, known.user_id
)

select
    core.record_event(
        delete_comment.event_id, delete_comment.as_of, emptied.item_id, 'uncomment', emptied.user_id
    )
from emptied;

select
    item.content_type,
    item.external_id,
    known.item_id,
    case
        when exists (
            select
            from core.event
            where
                event.event_id = delete_comment.event_id
                and event.occurred_at = delete_comment.as_of
        ) then pg_current_xact_id()::text::bigint
    end
from core.comment as known
inner join core.item as item on known.item_id = item.item_id
where
    known.comment_id = delete_comment.comment_id
    and known.user_id = coalesce(delete_comment.author, known.user_id)
    and (
        delete_comment.external_id is null
        or (
            item.content_type = delete_comment.content_type
            and item.external_id = delete_comment.external_id
        )
    );
end;

comment on function api.delete_comment(uuid, text, text, text, uuid, timestamptz) is
    'Empties a comment and records its uncomment event; answers its item, with the transaction '
    'where it was there until now.';
revoke execute on function api.delete_comment(uuid, text, text, text, uuid, timestamptz)
from public;
grant execute on function api.delete_comment(uuid, text, text, text, uuid, timestamptz)
to groundswell_service;
