-- Note that the readers of the topic have the lists of a run.
update core.sink_ranking as published
set
    run_id = %(run_id)s::bigint,
    next_run_id = null
where
    published.ranking_id = %(ranking_id)s::integer
    and published.next_run_id = %(run_id)s::bigint
