-- Keep what a try to translate a text came to.
-- Source: the translator (app/comments/translator.py). Feeds: core.translation.
-- Keeps: the first translation stays, whoever else had taken the text after a lease ran out.
-- Nothing is stored of a text whose comments are gone.
create function api.record_translation(
    digest bytea,
    target text,
    translated text,
    error text,
    next_attempt_at timestamptz,
    kept interval,
    as_of timestamptz
)
returns void
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
update core.translation as known
set
    translated = record_translation.translated,
    error = record_translation.error,
    next_attempt_at = coalesce(record_translation.next_attempt_at, known.next_attempt_at),
    kept_until = case
        when record_translation.translated is null then known.kept_until
        else coalesce(record_translation.as_of + record_translation.kept, 'infinity')
    end
where
    known.text_digest = record_translation.digest
    and known.target = record_translation.target
    and known.translated is null;
end;

comment on function api.record_translation(
    bytea, text, text, text, timestamptz, interval, timestamptz
) is
    'Keeps a translation, for good where kept is null; or why not, and when it is tried next.';
revoke execute on function api.record_translation(
    bytea, text, text, text, timestamptz, interval, timestamptz
) from public;
grant execute on function api.record_translation(
    bytea, text, text, text, timestamptz, interval, timestamptz
) to groundswell_service;
