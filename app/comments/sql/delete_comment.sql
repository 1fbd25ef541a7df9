-- Delete a comment with its event, of one author where that is named, or of anybody.
select
    deleted.item_type as content_type,
    deleted.item_name as content_id,
    deleted.item_id,
    deleted.transaction_id
from api.delete_comment(
    %(comment_id)s::uuid,
    %(author)s::text,
    %(content_type)s::text,
    %(content_id)s::text,
    %(event_id)s::uuid,
    %(as_of)s::timestamptz
) as deleted;
