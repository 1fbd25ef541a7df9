-- Runs of rankings and their immutable snapshots, and the ledger of jobs.
-- Source: api.run_ranking; api.start_job. Feeds: api.newest_run, api.snapshot_entries,
-- api.job_status.

create table core.ranking_run (
    run_id bigint generated always as identity primary key,
    ranking_id integer not null references core.ranking on delete cascade,
    as_of timestamptz not null,
    confirmed_at timestamptz not null,
    finished_at timestamptz not null,
    parameters jsonb not null,
    print text not null,
    constraint ranking_run_parameters_object check (jsonb_typeof(parameters) = 'object')
);
create index ranking_run_newest on core.ranking_run (ranking_id, as_of desc, run_id desc);

comment on table core.ranking_run is 'One row a finished computation of a ranking.';
comment on column core.ranking_run.run_id is 'Rises with every run.';
comment on column core.ranking_run.ranking_id is 'core.ranking.';
comment on column core.ranking_run.as_of is 'The moment the scores hold for.';
comment on column core.ranking_run.confirmed_at is
    'Up to when its order is known to hold: a run that finds nothing new moves this on instead of '
    'storing the same again.';
comment on column core.ranking_run.finished_at is 'When the snapshot was stored.';
comment on column core.ranking_run.parameters is
    'The row of core.ranking as it was, so that any score can be explained later.';

comment on column core.ranking_run.print is
    'Digest of order and counts: the next run compares its own with it.';

create type core.ranking_entry as (
    subject text,
    item_id bigint,
    previous_rank integer,
    score double precision,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    components double precision []
);
comment on type core.ranking_entry is
    'One place in a snapshot: an item, or the name of a category or creator; its score; its counts '
    'inside the window; and what the score is made of (names in core.formula.component_names).';

create table core.ranking_snapshot (
    run_id bigint not null references core.ranking_run on delete cascade,
    segment text not null,
    entries core.ranking_entry[] not null,
    constraint ranking_snapshot_one_per_segment primary key (run_id, segment)
);

comment on table core.ranking_snapshot is
    'What a run found, in order: entry 1 has rank 1. One row a segment, because a snapshot is '
    'written and read whole; api.ranking_entry shows it as rows.';
comment on column core.ranking_snapshot.run_id is 'core.ranking_run.';
comment on column core.ranking_snapshot.segment is
    'The part ranked by itself, such as category:Music; empty: the whole.';
comment on column core.ranking_snapshot.entries is 'The places, best first.';

create table core.job_run (
    job_run_id bigint generated always as identity primary key,
    job text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    row_count bigint,
    error text
);
create index job_run_newest on core.job_run (job, started_at desc);

comment on table core.job_run is
    'The ledger: one row a run of a job. finished_at stays null where a run was cut off.';
comment on column core.job_run.job_run_id is 'Rises with every run.';
comment on column core.job_run.job is 'The procedure that ran.';
comment on column core.job_run.started_at is 'When it began.';
comment on column core.job_run.finished_at is 'When it ended; null while running or if cut off.';
comment on column core.job_run.row_count is 'How many rows it dealt with; each job says which.';
comment on column core.job_run.error is
    'What failed, or who ran the job already, so that this run was skipped; null if all was well.';
