-- Label an actor or an item from a day on.
select
    api.add_label(
        %(kind)s::text,
        %(viewer)s::bigint,
        %(item_id)s::bigint,
        %(reason)s::text,
        %(since)s::date,
        %(until)s::date,
        %(labelled_by)s::text,
        %(as_of)s::timestamptz
    ) as label_id
