-- What can be tuned of a ranking, or of every one where the name is null.
select
    name,
    formula,
    "window",
    half_life_seconds as half_life,
    recent_half_life_seconds as recent_half_life,
    view_weight,
    like_weight,
    comment_weight,
    share_weight,
    watch_minute_weight,
    options,
    content_type,
    size,
    options_in_force,
    weights_in_force
from api.ranking_settings
where %(name)s::text is null or name = %(name)s::text
order by name;
