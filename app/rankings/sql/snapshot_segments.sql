-- The entries of all lists of a run, each best first.
select
    entry.segment,
    entry.rank,
    entry.previous_rank,
    coalesce(entry.content_id, entry.subject) as content_id,
    coalesce(entry.content_type, run.subject) as content_type,
    coalesce(entry.title, entry.subject) as title,
    entry.category,
    entry.creator,
    entry.score,
    case when entry.subject is null then coalesce(entry.is_hot, false) end as is_hot,
    entry.views,
    entry.likes,
    entry.comments,
    entry.shares,
    entry.pinned,
    entry.featured
from api.ranking_entry as entry
inner join api.stored_run as run on entry.run_id = run.run_id
where entry.run_id = %(run_id)s::bigint
order by entry.segment, entry.rank;
