-- Which server, line of its history and database the last ids of runs and alerts are of.
-- Source: api.skip_used_ids. Feeds: itself, api.epoch.

create table core.lineage (
    is_only boolean primary key default true,
    system_identifier bigint not null,
    timeline text not null,
    database_id oid not null,
    epoch bigint not null,
    since timestamptz not null,
    constraint lineage_one_row check (is_only)
);

comment on table core.lineage is
    'Which server, line of its history and database the last runs were stored in. Others: it was '
    'restored, or a standby took over, and ids that were given elsewhere are skipped.';
comment on column core.lineage.is_only is 'Always true: there is one row.';
comment on column core.lineage.system_identifier is 'The server''s, from its initdb.';
comment on column core.lineage.timeline is
    'Its line of history: another one after each recovery to a moment and each promotion.';
comment on column core.lineage.database_id is
    'The database''s oid: another one after a restored dump.';
comment on column core.lineage.epoch is
    'Rises with each of these: what is of a lower one is of a server that was deposed.';
comment on column core.lineage.since is 'When that was noticed.';
