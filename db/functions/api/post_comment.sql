-- Store a comment, and record the event that this is.
-- Source: POST /items/{id}/comments.
-- Feeds: core.comment, core.event, core.score_feed.
-- Keeps: comment and event in one transaction or not at all, and one event a comment: an id that is
-- there already stores nothing, whoever sends it at once. The answer is the comment of that id, as
-- it is stored; the caller tells whether it is the same. No row where there is no such item, and
-- `registers` does not make one.
create function api.post_comment(
    comment_id uuid,
    user_id text,
    content_type text,
    external_id text,
    registers boolean,
    text text,
    language text,
    event_id uuid,
    as_of timestamptz
)
returns table (
    item_type text,
    item_name text,
    author text,
    kept_text text,
    kept_language text,
    posted_at timestamptz,
    item_id bigint,
    transaction_id bigint
)
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
insert into core.item (content_type, external_id)
select
    post_comment.content_type,
    post_comment.external_id
where
    post_comment.registers
    and not exists (
        select
        from core.item as known
        where
            known.content_type = post_comment.content_type
            and known.external_id = post_comment.external_id
    )
    and not exists (
        select
        from core.comment as known
        where known.comment_id = post_comment.comment_id
    )
on conflict on constraint item_external_id_unique do nothing;

with posted as (
    insert into core.comment
    (comment_id, item_id, user_id, text, text_digest, language, created_at)
    select
        post_comment.comment_id,
        item.item_id,
        post_comment.user_id,
        post_comment.text,
        sha256(convert_to(post_comment.text, 'UTF8')) as text_digest,
        post_comment.language,
        post_comment.as_of as created_at
    from core.item as item
    where
        item.content_type = post_comment.content_type
        and item.external_id = post_comment.external_id
    on conflict (comment_id) do nothing
    returning item_id
)

select
    core.record_event(
        post_comment.event_id, post_comment.as_of, posted.item_id, 'comment', post_comment.user_id
    )
from posted;

select
    item.content_type,
    item.external_id,
    known.user_id,
    known.text,
    known.language,
    known.created_at,
    known.item_id,
    case
        when exists (
            select
            from core.event
            where event.event_id = post_comment.event_id and event.occurred_at = post_comment.as_of
        ) then pg_current_xact_id()::text::bigint
    end
from core.comment as known
inner join core.item as item on known.item_id = item.item_id
where known.comment_id = post_comment.comment_id;
end;

comment on function api.post_comment(
    uuid, text, text, text, boolean, text, text, uuid, timestamptz
) is
    'Stores a comment with its event; answers the comment of that id, with the transaction where '
    'it is new.';
revoke execute on function api.post_comment(
    uuid, text, text, text, boolean, text, text, uuid, timestamptz
) from public;
grant execute on function api.post_comment(
    uuid, text, text, text, boolean, text, text, uuid, timestamptz
) to groundswell_service;
