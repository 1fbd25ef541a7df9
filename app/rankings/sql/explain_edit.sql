-- What editorial rules do to an item in a ranking's list; no row where they do nothing.
select
    mark,
    unedited_rank,
    rule,
    kind,
    place,
    most,
    top,
    value,
    reason,
    since,
    until
from api.explain_edit(
    %(ranking)s::text,
    %(content_type)s::text,
    %(content_id)s::text,
    %(as_of)s::timestamptz
);
