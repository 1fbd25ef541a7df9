-- The language of an item, for segments and rules.
-- Source: core.item.attributes. Feeds: api.item_segments, api.segment_values, api.arranged.
-- Compatible: it fills in by itself.

alter table core.item
-- squawk-ignore adding-field-with-default
add column language text generated always as (
    case
        when
            jsonb_typeof(attributes -> 'language') = 'string'
            and attributes ->> 'language' ~ '^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$'
            then lower(substring(attributes ->> 'language' from '^[A-Za-z]+'))
    end
) stored;
comment on column core.item.language is
    'The language in its attribute language, such as en for en-GB; null where that is none of '
    'BCP 47.';

-- Its values, and the items of one.
create index item_by_language on core.item (language) where language is not null;
comment on column core.ranking.segments is
    'Besides the whole list, one list for each value of these: category, content_type, creator, '
    'language.';
