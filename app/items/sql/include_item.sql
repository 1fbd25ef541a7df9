-- Lift the exclusion of an item.
select
    api.include_item(
        %(content_type)s::text,
        %(content_id)s::text,
        %(lifted_by)s::text,
        %(as_of)s::timestamptz
    ) as item_id
