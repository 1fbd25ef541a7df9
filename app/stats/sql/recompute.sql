-- How it stands with a day or month that is to be rebuilt.
select
    recompute_id,
    period,
    zone,
    since as from_,
    until as "to",
    case
        when error is not null then 'failed'
        when finished_at is not null then 'done'
        when started_at is not null then 'running'
        else 'waiting'
    end as status,
    items_touched,
    items_mended,
    requested_at,
    finished_at,
    error
from core.recompute
where recompute_id = %(recompute_id)s::bigint;
