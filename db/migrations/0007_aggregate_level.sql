-- The levels of aggregates: what each is made of, and how wide its buckets are.
-- Source: this file; it says what the aggregates' own files do, which must name their widths.
-- Feeds: api.refresh_aggregates, api.recompute_stats, api.maintain_storage, api.closed_before.

create table core.aggregate_level (
    name text primary key,
    source text not null,
    bucket interval not null,
    constraint aggregate_level_bucket_positive check (bucket > interval '0 seconds')
);

comment on table core.aggregate_level is
    'The continuous aggregates of schema agg, each made of a finer level. It describes them: '
    'changing a row changes no aggregate.';
comment on column core.aggregate_level.name is 'The aggregate, and its level in storage_policy.';
comment on column core.aggregate_level.source is 'The level it is made of; event: core.event.';
comment on column core.aggregate_level.bucket is 'How long each of its buckets is.';

insert into core.aggregate_level (name, source, bucket)
values
('engagement_1m', 'event', interval '1 minute'),
('engagement_15m', 'engagement_1m', interval '15 minutes'),
('engagement_1d', 'engagement_15m', interval '1 day'),
('site_1m', 'engagement_1m', interval '1 minute'),
('site_15m', 'engagement_15m', interval '15 minutes'),
('site_1d', 'engagement_1d', interval '1 day');
