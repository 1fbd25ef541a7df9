-- Take the hashes of some users and sessions out of what waits to be scored and what is discounted.
-- Source: POST /admin/erasures, DELETE /me, groundswell erase. Feeds: core.score_feed,
-- core.discount, core.actor_label, core.actor_action.
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
declare
    known constant bigint[] := array(
        select viewer & 9223372036854775807 from unnest(viewers) as viewer
    );
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
        = any(known);
    -- Whose events are gone has nothing to be discounted.
    delete from core.discount as taken where purges and taken.viewer = any(known);
    update core.discount as taken
    set viewer = hashtextextended(taken.viewer::text, salt) & 9223372036854775807
    where not purges and taken.viewer = any(known);
    update core.actor_label as label
    set
        viewer = hashtextextended(
            label.viewer::text, coalesce(salt, hashtextextended(gen_random_uuid()::text, 0))
        ) & 9223372036854775807
    where label.viewer = any(known);
    -- What comes of them later is somebody else's.
    delete from core.actor_action as acted where acted.viewer = any(known);
end;
$$;

comment on function api.forget_viewers(bigint[], bigint, boolean) is
    'Renames viewers in the feed, discounts and labels by a salt, so that nobody can tell who they '
    'were; or takes them out.';
revoke execute on function api.forget_viewers(bigint[], bigint, boolean) from public;
grant execute on function api.forget_viewers(bigint[], bigint, boolean) to groundswell_service;
