-- What each level will take once its retention is filled, at the pace of its chunks so far.
select
    name,
    kind,
    pg_size_pretty(bytes) as size,
    keep_for,
    pg_size_pretty(
        (bytes / nullif(extract(epoch from ends - begins), 0)
            * extract(epoch from coalesce(keep_for, interval '1 year')))::bigint
    ) as when_filled_or_in_a_year
from api.storage_report
order by bytes desc;
