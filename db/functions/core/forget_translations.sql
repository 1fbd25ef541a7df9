-- Let the translations of a text go with the last comment that has it, whoever deletes that.
-- Source: core.comment. Feeds: core.translation.
create or replace function core.forget_translations()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog
as $$
begin
    delete from core.translation as known
    where
        known.text_digest = old.text_digest
        and not exists (
            select from core.comment as other where other.text_digest = old.text_digest
        );
    return null;
end;
$$;

comment on function core.forget_translations() is
    'Deletes translations of texts that no comment has any more. What is wanted or found after '
    'that goes when it is due, or with the next comment of that text.';
revoke execute on function core.forget_translations() from public;

create or replace trigger forget_translations
after update of text_digest or delete on core.comment
for each row execute function core.forget_translations();
comment on trigger forget_translations on core.comment is
    'Translations go with the last comment of a text.';
