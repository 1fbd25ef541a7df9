-- For when an aggregate is summed by category, as it is now.
-- Source: core.category_level, api.stale_ranges. Feeds: api.engagement_sums.
-- Keeps: whoever makes buckets of the aggregate anew, or deletes from them, has those of the site's
-- become stale in that transaction (TimescaleDB's log), and api.refresh_level sums them anew before
-- it makes the site's.
create function api.category_moments(level text, since timestamptz, until timestamptz)
returns tstzmultirange
language sql stable
begin atomic
select known.moments - coalesce(stale.stale, '{}')
from core.category_level as known
inner join core.aggregate_level as site
    on known.level = site.source and site.name like 'site\_%' and site.name not like 'site\_by\_%'
left join api.stale_ranges(category_moments.since, category_moments.until) as stale
    on site.name = stale.level
where known.level = category_moments.level;
end;

comment on function api.category_moments(text, timestamptz, timestamptz) is
    'Whole buckets of an aggregate that core.category_count says the same of; null: none ever.';
grant execute on function api.category_moments(text, timestamptz, timestamptz)
to groundswell_service, groundswell_read;
