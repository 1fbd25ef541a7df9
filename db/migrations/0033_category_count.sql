-- What categories come to, of quarters of an hour and days, so that a breakdown reads no items.
-- Source: api.count_categories, of the aggregates with items. Feeds: api.category_counts.
-- Keeps: of the moments of core.category_level, all rows of a bucket and a category together are
-- what its items come to, each under the category that core.recategorised says, or else core.item.

create table core.category_level (
    level text primary key,
    keep_for interval,
    moments tstzmultirange not null default '{}'
);

comment on table core.category_level is
    'Aggregates of agg that are summed by category, and for when. Where they are not, breakdowns '
    'read items, and say the same.';
comment on column core.category_level.level is 'The aggregate that they are summed from.';
comment on column core.category_level.keep_for is 'What is older is summed no more; null: all is.';
comment on column core.category_level.moments is 'Whole buckets that are summed.';

insert into core.category_level (level, keep_for)
values
-- Of the day that has not ended, and the ends of a period that are no days of UTC.
('engagement_15m', interval '40 days'),
('engagement_1d', null);

create table core.category_count (
    level text not null,
    bucket timestamptz not null,
    content_type text not null,
    category text,
    entries bigint not null,
    views bigint not null,
    likes bigint not null,
    comments bigint not null,
    shares bigint not null,
    watch_seconds double precision not null
);

create index category_count_of_level on core.category_count (level, bucket);

comment on table core.category_count is
    'Counts of each content type and category in each bucket. No setting: it is made of the '
    'aggregates, and made anew where they are.';
comment on column core.category_count.level is 'As in core.category_level.';
comment on column core.category_count.bucket is 'Its first moment.';
comment on column core.category_count.content_type is 'Type of the items.';
comment on column core.category_count.category is 'Category of the items; null: none.';
comment on column core.category_count.entries is 'Rows of the aggregate that it is the sum of.';
comment on column core.category_count.views is 'Views.';
comment on column core.category_count.likes is 'Likes less unlikes.';
comment on column core.category_count.comments is 'Comments less uncomments.';
comment on column core.category_count.shares is 'Shares.';
comment on column core.category_count.watch_seconds is 'Seconds watched.';

create table core.recategorised (
    item_id bigint primary key,
    content_type text not null,
    category text,
    noted_at timestamptz not null default clock_timestamp()
);

comment on table core.recategorised is
    'Items whose category has changed since core.category_count was told: readers add the '
    'difference, until api.settle_categories has.';
comment on column core.recategorised.item_id is 'core.item.';
comment on column core.recategorised.content_type is 'Its type.';
comment on column core.recategorised.category is 'Under which it counts in core.category_count.';
comment on column core.recategorised.noted_at is 'When it was changed first.';

grant select on core.category_level, core.category_count, core.recategorised
to groundswell_service, groundswell_read;
