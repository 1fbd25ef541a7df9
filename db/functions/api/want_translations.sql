-- Note texts of comments that somebody wants to read in a language, and wake who translates.
-- Source: GET /items/{id}/comments. Feeds: core.translation.
-- Keeps: one row a text and language; what is wanted or found already stays as it is. What cannot
-- be translated within a day is wanted anew by whoever reads it then.
create function api.want_translations(digests bytea[], target text, as_of timestamptz)
returns void
language sql volatile
security definer
set search_path = pg_catalog
begin atomic
insert into core.translation (text_digest, target, next_attempt_at, kept_until)
select distinct
    wanted.digest,
    want_translations.target,
    want_translations.as_of as next_attempt_at,
    want_translations.as_of + interval '24 hours' as kept_until
from unnest(digests) as wanted (digest)
order by wanted.digest
on conflict on constraint translation_once_per_text do nothing;

select pg_notify('translation', '');
end;

comment on function api.want_translations(bytea[], text, timestamptz) is
    'Wants the texts of these digests in a language; notifies the channel translation.';
revoke execute on function api.want_translations(bytea[], text, timestamptz) from public;
grant execute on function api.want_translations(bytea[], text, timestamptz)
to groundswell_service;
