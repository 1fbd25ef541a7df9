-- Tell of imported items what the feed would have told.
select api.note_import(
    %(item_ids)s::bigint[], %(first_ats)s::timestamptz[], %(now)s::timestamptz
)
