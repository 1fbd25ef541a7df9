-- Take texts that are due to be translated, so that nobody else does for a while.
-- Source: core.translation, core.comment. Feeds: the translator (app/comments/translator.py).
-- Keeps: one taker at a time, by locks skipped and by next_attempt_at, which a taker moves on by
-- the lease; where it dies, they are due again then. What is kept no longer goes, and what was
-- wanted of a text that no comment has any more.
create function api.claim_translations(as_of timestamptz, lease interval, capacity integer)
returns table (digest bytea, target text, attempt integer, source text, text text)
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
delete from core.translation as known
where
    known.kept_until <= claim_translations.as_of
    or (
        known.translated is null
        and known.next_attempt_at <= claim_translations.as_of
        and not exists (
            select from core.comment as one where one.text_digest = known.text_digest
        )
    );

with due as materialized (
    select
        waiting.text_digest,
        waiting.target
    from core.translation as waiting
    where waiting.translated is null and waiting.next_attempt_at <= claim_translations.as_of
    order by waiting.next_attempt_at
    limit capacity
    for update skip locked
),

taken as (
    update core.translation as waiting
    set
        attempt = waiting.attempt + 1,
        next_attempt_at = claim_translations.as_of + lease
    from due
    where waiting.text_digest = due.text_digest and waiting.target = due.target
    returning waiting.text_digest, waiting.target, waiting.attempt
)

select
    taken.text_digest,
    taken.target,
    taken.attempt,
    one.language,
    one.text
from taken
cross join lateral (
    select
        having_text.language,
        having_text.text
    from core.comment as having_text
    where having_text.text_digest = taken.text_digest
    limit 1
) as one;
end;

comment on function api.claim_translations(timestamptz, interval, integer) is
    'Takes up to capacity texts that are due, for the length of the lease: each with its language, '
    'the one to translate into, and which try it is.';
revoke execute on function api.claim_translations(timestamptz, interval, integer) from public;
grant execute on function api.claim_translations(timestamptz, interval, integer)
to groundswell_service;
