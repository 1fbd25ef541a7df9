-- What the role of dashboards may not see: who viewed what, also under the names we give them.
-- Source: 0001_schemas_and_roles.sql, which lets both roles read every table. Feeds: nothing.
-- Keeps: a hash of a user is one person's whole history, whoever has no key to undo it. Numbers of
-- viewers come from api.unique_viewers and api.viewers_since, which look with their owner's rights.
-- Compatible: the services keep all that they had.

revoke select on core.viewer_day, core.viewer_item from groundswell_read;
-- The feed without viewers: api.stats_of_items adds what waits in it with its caller's rights.
revoke select on core.score_feed from groundswell_read;
grant select (item_id, occurred_at, event_type, count, seconds) on core.score_feed
to groundswell_read;
-- What was done, when and by whom, but not to what: of an erased user the trail has a hash of the
-- id, which whoever knows the id can make, too.
revoke select on core.audit from groundswell_read;
grant select (audit_id, action, who, began_at, ended_at, error) on core.audit to groundswell_read;
