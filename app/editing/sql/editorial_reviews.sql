-- The items of a ranking that wait for review, or were approved or refused, or the one of a name.
select
    content_id,
    content_type,
    title,
    creator,
    place,
    held_at,
    is_approved as approved,
    decided_by,
    decided_at,
    reason
from api.editorial_review
where
    ranking = %(ranking)s::text
    and (%(any_state)s::boolean or is_approved is not distinct from %(approved)s::boolean)
    and (
        %(content_id)s::text is null
        or (content_type = %(content_type)s::text and content_id = %(content_id)s::text)
    )
order by decided_at desc nulls last, held_at, item_id
limit %(limit)s::integer
