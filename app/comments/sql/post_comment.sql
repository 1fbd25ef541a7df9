-- Store a comment with its event, or find the one of that id; no row where there is no such item,
-- and it is not to be registered.
select
    %(comment_id)s::uuid as comment_id,
    posted.item_type as content_type,
    posted.item_name as content_id,
    posted.author as user_id,
    posted.kept_text as text,
    posted.kept_language as language,
    posted.posted_at as created_at,
    posted.item_id,
    posted.transaction_id
from api.post_comment(
    %(comment_id)s::uuid,
    %(user_id)s::text,
    %(content_type)s::text,
    %(content_id)s::text,
    %(registers)s::boolean,
    %(text)s::text,
    %(language)s::text,
    %(event_id)s::uuid,
    %(as_of)s::timestamptz
) as posted;
