-- Runs of rankings and their immutable snapshots, and the ledger of jobs.
-- Source: api.run_ranking; api.start_job. Feeds: api.newest_run, api.stored_place, api.job_status.

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
    score double precision,
    views bigint,
    likes bigint,
    comments bigint,
    shares bigint,
    components double precision []
);
comment on type core.ranking_entry is
    'One place in a snapshot: an item, or the name of a category or creator; its counts inside the '
    'window; its score and what that is made of (names in core.formula.component_names). Where the '
    'score fades, it is null and the components are the sums it is made of and when they had their '
    'value, in seconds since 1970: they stay as they are until the next event.';

create table core.ranking_base (
    base_run_id bigint not null,
    segment text not null,
    entries core.ranking_entry[] not null,
    constraint ranking_base_one_per_segment primary key (base_run_id, segment)
);

comment on table core.ranking_base is
    'Lists as they were when they were last stored whole. Snapshots say what differs from one; it '
    'goes with the last of them (api.thin_runs), and may outlive the run that first stored it. '
    'Runs of which one an hour is kept need none (api.fold_runs).';
comment on column core.ranking_base.base_run_id is 'The run that stored it.';
comment on column core.ranking_base.segment is 'As in core.ranking_snapshot.';
comment on column core.ranking_base.entries is 'What was listed, best first.';

create table core.ranking_snapshot (
    run_id bigint not null references core.ranking_run on delete cascade,
    segment text not null,
    entries core.ranking_entry[] not null,
    base_run_id bigint,
    gone bit varying,
    written integer not null default 0,
    -- squawk-ignore prefer-bigint-over-smallint
    previous_ranks smallint[],
    item_ids bigint[],
    scores double precision[],
    constraint ranking_snapshot_one_per_segment primary key (run_id, segment)
);

comment on table core.ranking_snapshot is
    'What a run found, one row a segment: what its base lists and is not gone, and its own '
    'entries, in the order of their scores. api.stored_place shows it as rows.';
comment on column core.ranking_snapshot.run_id is 'core.ranking_run.';
comment on column core.ranking_snapshot.segment is
    'The part ranked by itself, such as category:Music; empty: the whole.';
comment on column core.ranking_snapshot.entries is 'What differs from the base, best first.';
comment on column core.ranking_snapshot.base_run_id is
    'core.ranking_base, with the same segment; null: there is none. No foreign key: bases are '
    'deleted by nobody but api.thin_runs, which looks.';
comment on column core.ranking_snapshot.gone is
    'A bit for each entry of the base, 1 where it is no longer so; null: all are as they were.';
comment on column core.ranking_snapshot.written is
    'Entries stored beside this base so far, this run''s too: once they are as many as the list '
    'has, it is stored whole.';
comment on column core.ranking_snapshot.previous_ranks is
    'Place of each in the run before, at most 10,000; 0 for who is new. Null: as now.';
comment on column core.ranking_snapshot.item_ids is
    'The items of the whole list in order, for api.rank_history; null for all else.';
comment on column core.ranking_snapshot.scores is 'The score of each of item_ids.';

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
