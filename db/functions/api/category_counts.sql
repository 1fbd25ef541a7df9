-- What categories come to in the buckets of an aggregate, as the catalogue is now.
-- Source: core.category_count, api.moved_counts. Feeds: api.engagement_sums.
-- Keeps: for moments of api.category_moments only.
create function api.category_counts(level text, begins timestamptz, ends timestamptz)
returns table (
    bucket timestamptz, content_type text, category text, entries bigint, views bigint,
    likes bigint, comments bigint, shares bigint, watch_seconds double precision
)
language sql stable
begin atomic
select
    counted.bucket,
    counted.content_type,
    counted.category,
    counted.entries,
    counted.views,
    counted.likes,
    counted.comments,
    counted.shares,
    counted.watch_seconds
from core.category_count as counted
where
    counted.level = category_counts.level
    and counted.bucket >= category_counts.begins
    and counted.bucket < category_counts.ends
union all
select moved.*
from api.moved_counts(category_counts.level, category_counts.begins, category_counts.ends) as moved;
end;

comment on function api.category_counts(text, timestamptz, timestamptz) is
    'Counts by bucket, content type and category, in parts that are to be added up.';
grant execute on function api.category_counts(text, timestamptz, timestamptz)
to groundswell_service, groundswell_read;
