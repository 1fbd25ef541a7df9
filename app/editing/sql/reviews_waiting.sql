-- How many items of a ranking wait for review.
select count(*) as waiting
from api.editorial_review
where ranking = %(ranking)s::text and is_approved is null
