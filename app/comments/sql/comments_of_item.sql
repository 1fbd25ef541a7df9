-- An item's comments, newest first, from below a place on, each with what is known of it in a
-- language.
select
    comment.comment_id,
    comment.user_id,
    comment.text,
    comment.text_digest,
    comment.language,
    comment.created_at,
    known.translated,
    known.text_digest is not null as is_wanted,
    known.error is not null as has_failed
from core.comment as comment
left join core.translation as known
    on
        comment.text_digest = known.text_digest
        and known.target = %(target)s::text
where
    comment.item_id = %(item_id)s::bigint
    and comment.deleted_at is null
    and (comment.created_at, comment.comment_id)
    < (%(before)s::timestamptz, %(before_comment)s::uuid)
order by comment.created_at desc, comment.comment_id desc
limit %(most)s::integer;
