-- Take the hashes of some users and sessions out of all sets of viewers.
-- Source: POST /admin/erasures, DELETE /me, groundswell erase. Feeds: core.score_feed,
-- core.viewer_day, core.viewer_item.
-- Keeps: without `purges` counts stay: each gets a hash salted with what is forgotten then, as
-- api.erase_events gives it to the events. Registers tell of nobody. The feed first: a run that has
-- read it meanwhile is rolled back, or has committed before the days are looked through; and no
-- day is closed or recounted meanwhile. With the rights of its owner.
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
    where feed.viewer & 9223372036854775807 = any(known);
    if purges then
        delete from core.viewer_day as stored where stored.entry = any(known);
        delete from core.viewer_item as stored where stored.entry = any(known);
        return;
    end if;
    update core.viewer_day as stored
    set entry = hashtextextended(stored.entry::text, salt) & 9223372036854775807
    where stored.entry = any(known);
    update core.viewer_item as stored
    set entry = hashtextextended(stored.entry::text, salt) & 9223372036854775807
    where stored.entry = any(known);
end;
$$;

comment on function api.forget_viewers(bigint[], bigint, boolean) is
    'Renames viewers by a salt, so that nobody can tell who they were; or deletes them.';
revoke execute on function api.forget_viewers(bigint[], bigint, boolean) from public;
grant execute on function api.forget_viewers(bigint[], bigint, boolean) to groundswell_service;
