-- Approve or refuse an item in the top of a ranking that is held.
select api.decide_review(
    %(ranking)s::text,
    %(content_type)s::text,
    %(content_id)s::text,
    %(approved)s::boolean,
    %(reason)s::text,
    %(who)s::text,
    %(as_of)s::timestamptz
) as item_id
