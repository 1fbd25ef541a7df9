-- The editorial rules in force, or all that were, the newest first; of one ranking and of all, and
-- of one name.
select
    name,
    kind,
    ranking,
    nullif(segment, '') as segment,
    content_id,
    content_type,
    title,
    replace(subject, 'content_type', 'contentType') as subject,
    value,
    place,
    most,
    top,
    date_part('epoch', oldest) as oldest,
    date_part('epoch', youngest) as youngest,
    reason,
    since,
    until,
    made_by,
    lifted_by,
    lifted_at
from api.editorial_rule
where
    (%(name)s::text is null or name = %(name)s::text)
    and (%(ranking)s::text is null or ranking is null or ranking = %(ranking)s::text)
    and (
        %(over)s::boolean
        or (lifted_at is null and (until is null or until > %(as_of)s::timestamptz))
    )
order by (lifted_at is null) desc, rule_id desc
limit 1000
