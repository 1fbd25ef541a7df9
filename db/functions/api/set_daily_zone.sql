-- Move the daily rankings to a zone, but for those that a DBA has given another one by hand.
-- Source: groundswell migrate (GROUNDSWELL_ZONE). Feeds: core.ranking.zone.
-- Keeps: the same zone writes nothing; one that PostgreSQL does not know is refused.
create function api.set_daily_zone(zone text)
returns setof text
language plpgsql volatile
as $$
begin
    return query
    update core.ranking as ranking
    set zone = set_daily_zone.zone
    from core.daily_ranking as daily
    where
        ranking.ranking_id = daily.ranking_id
        and ranking.zone = daily.zone
        and ranking.zone <> set_daily_zone.zone
    returning ranking.name;
    update core.daily_ranking as daily
    set zone = set_daily_zone.zone
    from core.ranking as ranking
    where
        ranking.ranking_id = daily.ranking_id
        and ranking.zone = set_daily_zone.zone
        and daily.zone <> set_daily_zone.zone;
end;
$$;

comment on function api.set_daily_zone(text) is
    'Takes an IANA time zone; answers the rankings that have moved. Raises check_violation for no '
    'zone.';
