-- What signed-in users write below items, and what that is in other languages.
-- Source: api.post_comment, api.delete_comment, api.want_translations.
-- Feeds: GET /items/{id}/comments.

create table core.comment (
    comment_id uuid primary key,
    item_id bigint not null references core.item,
    user_id text not null,
    text text,
    text_digest bytea,
    language text not null,
    created_at timestamptz not null,
    deleted_at timestamptz,
    constraint comment_user_named check (char_length(user_id) between 1 and 200),
    constraint comment_text_bounded check (char_length(text) between 1 and 2000),
    constraint comment_language_coded check (language ~ '^[a-z]{2,3}$'),
    constraint comment_text_until_deleted check ((deleted_at is null) = (text is not null)),
    constraint comment_digest_of_text check ((text is null) = (text_digest is null))
);

-- An item's comments, the newest first.
create index comment_newest on core.comment (item_id, created_at desc, comment_id desc)
where deleted_at is null;
-- A user's, to erase them.
create index comment_of_user on core.comment (user_id);
-- One of those with a text, to translate it.
create index comment_of_text on core.comment (text_digest)
where text_digest is not null;

comment on table core.comment is
    'One row for each comment that was ever posted. A deleted one stays as a row without a text, '
    'so that its id, sent again, brings it not back; an erased one goes.';
comment on column core.comment.comment_id is 'Given by whoever posts it, or by the service.';
comment on column core.comment.item_id is 'core.item.';
comment on column core.comment.user_id is 'The user, as the signed token or the proxy says.';
comment on column core.comment.text is 'As it was written: plain text, never HTML.';
comment on column core.comment.text_digest is 'SHA-256 of the text in UTF-8.';
comment on column core.comment.language is
    'ISO 639 code of the language that the model heard, und where it was not sure.';
comment on column core.comment.created_at is 'When it was posted.';
comment on column core.comment.deleted_at is 'When it was deleted; null while it is shown.';
-- Who writes what is nothing to dashboards.
revoke select on core.comment from groundswell_read;
grant select (comment_id, item_id, language, created_at, deleted_at) on core.comment
to groundswell_read;

create table core.translation (
    text_digest bytea not null,
    target text not null,
    translated text,
    attempt integer not null default 0,
    next_attempt_at timestamptz not null,
    error text,
    kept_until timestamptz not null,
    constraint translation_once_per_text primary key (text_digest, target),
    constraint translation_target_coded check (target ~ '^[a-z]{2,3}$')
);

-- What waits to be translated, the longest due first.
create index translation_due on core.translation (next_attempt_at)
where translated is null;
-- What is kept no longer.
create index translation_kept on core.translation (kept_until);

comment on table core.translation is
    'What texts of comments are in other languages: wanted, or found. One row a text and language, '
    'however many comments have that text; it goes with the last of them.';
comment on column core.translation.text_digest is 'core.comment.text_digest.';
comment on column core.translation.target is 'ISO 639 code of the language to translate into.';
comment on column core.translation.translated is 'The translation; null while there is none.';
comment on column core.translation.attempt is 'How often it was tried.';
comment on column core.translation.next_attempt_at is
    'When it is tried next; whoever tries moves it on by a lease, so that nobody else does.';
comment on column core.translation.error is 'Why the last try failed; null if it did not.';
comment on column core.translation.kept_until is
    'When the row goes; a reader who comes after that wants it anew.';
revoke select on core.translation from groundswell_read;
