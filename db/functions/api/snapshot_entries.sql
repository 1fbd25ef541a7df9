-- The places of one snapshot, best first; a category or creator stands for itself.
-- Source: api.ranking_entry. Feeds: GET /analytics/rankings/{name}, and every list while Redis is
-- down.
-- Keeps: title, category and creator are as of now, all else as of the run; is_hot is null for a
-- run that is not the newest, as it is known only now.
create function api.snapshot_entries(run_id bigint, segment text default '')
returns table (
    rank integer,
    previous_rank integer,
    content_id text,
    content_type text,
    title text,
    category text,
    creator text,
    score double precision,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    is_hot boolean
)
language sql stable rows 1000
set jit = off
begin atomic
select
    entry.rank,
    entry.previous_rank,
    coalesce(entry.content_id, entry.subject),
    coalesce(entry.content_type, (run.parameters ->> 'subject')),
    coalesce(entry.title, entry.subject),
    entry.category,
    entry.creator,
    entry.score,
    entry.views,
    entry.likes,
    entry.comments,
    entry.shares,
    case
        when
            entry.subject is null
            -- Asked once, not for each place.
            and not (
                select count(*) > 0
                from core.ranking_run as this
                inner join core.ranking_run as later
                    on this.ranking_id = later.ranking_id and this.run_id < later.run_id
                where this.run_id = snapshot_entries.run_id
            )
            then coalesce(entry.is_hot, false)
    end
from api.ranking_entry as entry
inner join core.ranking_run as run on entry.run_id = run.run_id
where entry.run_id = snapshot_entries.run_id and entry.segment = snapshot_entries.segment
order by entry.rank;
end;

comment on function api.snapshot_entries(bigint, text) is
    'Places of one run and segment, best first; none if the run is gone.';
grant execute on function api.snapshot_entries(bigint, text)
to groundswell_service, groundswell_read;
