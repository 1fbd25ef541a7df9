-- Take the hashes of some users and sessions out of what waits to be scored.
-- Source: POST /admin/erasures, DELETE /me, groundswell erase. Feeds: core.score_feed.
-- Keeps: without `purges` counts stay: each gets a hash salted with what is forgotten then, as
-- api.erase_events gives it to the events. Called before api.forget_viewer_sets: a run that has
-- read the feed meanwhile is rolled back, or has committed before the days are looked through. With
-- the rights of its owner.
create function api.forget_viewers(viewers bigint[], salt bigint, purges boolean)
returns void
language plpgsql volatile
security definer
set search_path = pg_catalog
as $$
begin
    perform pg_advisory_xact_lock(hashtext('groundswell viewers'));
    update core.score_feed as feed
    set
        viewer = case
            when not purges
                then
                    hashtextextended((feed.viewer & 9223372036854775807)::text, salt)
                    & 9223372036854775807
        end
    where
        feed.viewer & 9223372036854775807
        = any(array(select viewer & 9223372036854775807 from unnest(viewers) as viewer));
end;
$$;

comment on function api.forget_viewers(bigint[], bigint, boolean) is
    'Renames viewers in the feed by a salt, so that nobody can tell who they were; or takes them '
    'out.';
revoke execute on function api.forget_viewers(bigint[], bigint, boolean) from public;
grant execute on function api.forget_viewers(bigint[], bigint, boolean) to groundswell_service;
