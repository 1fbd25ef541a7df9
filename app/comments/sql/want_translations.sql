-- Want texts of comments in a language.
select api.want_translations(
    %(digests)s::bytea[], %(target)s::text, %(as_of)s::timestamptz
);
