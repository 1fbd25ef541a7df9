-- Delete the comments of a user or of an item.
select api.erase_comments(user_id => %(user_id)s::text, item_id => %(item_id)s::bigint) as erased
