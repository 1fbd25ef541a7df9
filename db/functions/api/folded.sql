-- A text as whole words to compare: lower case, without accents, a space around each.
-- Source: Unicode's compatibility decomposition. Feeds: api.arranged, api.rule_fault.
-- Keeps: linear in the text. Letters of any script stay, whatever the database's locale; scripts
-- without spaces are one word up to the next punctuation.
create function api.folded(words text)
returns text
language sql immutable parallel safe
return ' ' || trim(
    regexp_replace(
        lower(regexp_replace(normalize(words, nfkd), '[\u0300-\u036f]+', '', 'g')),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u2bff'
        '\u3000-\u303f]+',
        ' ',
        'g'
    )
) || ' ';

comment on function api.folded(text) is
    'A text in lower case, without accents and punctuation, one space before, between and after '
    'its words.';
grant execute on function api.folded(text) to groundswell_service, groundswell_read;
