-- Leave an item out of all rankings from their next run on.
select
    api.exclude_item(
        %(content_type)s::text,
        %(content_id)s::text,
        %(reason)s::text,
        %(excluded_by)s::text,
        %(as_of)s::timestamptz
    ) as item_id
