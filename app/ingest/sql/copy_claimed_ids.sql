-- Claim the ids that callers gave, by binary rows; one that is claimed makes it fail as a whole.
copy core.claimed_id (event_id, claimed_at, fingerprint) from stdin (format binary)
