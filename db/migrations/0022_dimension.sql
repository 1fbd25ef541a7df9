-- The keys of events' metadata that are counted by themselves.
-- Source: api.declare_dimension. Feeds: api.engagement_sums.

create table core.dimension (
    key text primary key,
    names text[] not null,
    counted_since timestamptz not null,
    constraint dimension_key_plain check (
        key ~ '^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)?$' and char_length(key) <= 30
    ),
    constraint dimension_names_few check (cardinality(names) between 1 and 200),
    constraint dimension_other_is_the_rest check (not 'other' = any(names))
);

comment on table core.dimension is
    'Each has two aggregates, dimension_KEY_15m with items and site_by_KEY_15m without (two '
    'underscores for a dot), that api.declare_dimension makes and api.drop_dimension drops. Ten at '
    'most.';
comment on column core.dimension.key is
    'The key in the metadata of events; or two that are told together, with a dot between them.';
comment on column core.dimension.names is
    'Values that are told apart, of two keys with a slash between them; the rest, and events '
    'without one, are other.';
comment on column core.dimension.counted_since is
    'Events before this were gone when it was declared.';
