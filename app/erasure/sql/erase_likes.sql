-- Make a user's likes nobody's, or delete them.
select api.erase_likes(user_id => %(user_id)s::text, purges => %(purges)s::boolean) as erased
