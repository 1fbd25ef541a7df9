-- Keep what a try to translate a text came to.
select api.record_translation(
    %(digest)s::bytea,
    %(target)s::text,
    %(translated)s::text,
    %(error)s::text,
    %(next_attempt_at)s::timestamptz,
    %(kept)s::interval,
    %(as_of)s::timestamptz
);
