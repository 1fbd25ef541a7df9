-- What an item's score is made of, part by part; no row for an item without a score.
select
    component,
    value as points,
    weight,
    date_part('epoch', half_life) as half_life_seconds,
    last_hour,
    score
from api.explain_score(
    %(ranking)s::text,
    %(content_type)s::text,
    %(content_id)s::text,
    %(as_of)s::timestamptz
);
