-- migrate:up
-- Finds the few events whose clocks ran ahead: they count at received_at, others at occurred_at.
-- With it, taking out what has left a window reads just that, not the day of events after it. The
-- columnstore keeps least and most of received_at of each batch because of it.
-- Source: core.event. Feeds: api.move_windows.

-- Writers wait while it is built, about a second for each five million raw events: what is
-- accepted meanwhile waits in the stream.
-- squawk-ignore require-concurrent-index-creation
create index event_ahead on core.event (received_at) where received_at < occurred_at;

-- migrate:down
-- squawk-ignore require-concurrent-index-deletion
drop index core.event_ahead;
