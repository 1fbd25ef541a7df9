-- Make the uploads of a user nobody's, and drop those of an item.
select api.erase_uploads(
    %(user_id)s::text, %(item_id)s::bigint, %(as_of)s::timestamptz
) as erased
