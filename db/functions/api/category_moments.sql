-- For when an aggregate is summed by category, as it is now.
-- Source: core.category_level, api.stale_ranges, api.uneven_categories.
-- Feeds: api.engagement_sums, api.mend_categories.
-- Keeps: whoever makes buckets of the aggregate anew, or deletes from them, has those of the site's
-- become stale in that transaction (TimescaleDB's log), and api.refresh_level sums them anew before
-- it makes the site's. Whoever refreshes the site's in another way has it say other sums.
create function api.category_moments(level text, pieces tstzmultirange)
returns tstzmultirange
language plpgsql stable
set jit = off
as $$
declare
    moments tstzmultirange := (
        select pieces * known.moments - coalesce(stale.stale, '{}')
        from core.category_level as known
        inner join core.aggregate_level as site
            on known.level = site.source and site.name ~ '^site_[0-9]+[a-z]+$'
        left join api.stale_ranges(lower(pieces), upper(pieces)) as stale
            on site.name = stale.level
        where known.level = category_moments.level
    );
begin
    if isempty(moments) is false then
        moments := moments - api.uneven_categories(level, moments);
    end if;
    return moments;
end;
$$;

comment on function api.category_moments(text, tstzmultirange) is
    'Of stretches of time, the whole buckets of an aggregate that core.category_count says the '
    'same of; null: none ever.';
grant execute on function api.category_moments(text, tstzmultirange)
to groundswell_service, groundswell_read;
