-- Tell scoring of the events that copy_events inserted in the same transaction.
copy core.score_feed (item_id, occurred_at, event_type, count, seconds, viewer, user_id)
from stdin (format binary)
