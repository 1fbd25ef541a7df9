-- Take name and texts from an item; with its counts where it purges.
select
    api.erase_item(
        item_id => %(item_id)s::bigint,
        purges => %(purges)s::boolean,
        as_of => %(as_of)s::timestamptz
    )
