-- Erase what the events of a stretch of time tell of a user, or of an item.
select api.erase_events(
    since => %(since)s::timestamptz,
    until => %(until)s::timestamptz,
    user_id => %(user_id)s::text,
    sessions => %(sessions)s::text[],
    item_id => %(item_id)s::bigint,
    purges => %(purges)s::boolean,
    salt => %(salt)s::bigint
) as erased
