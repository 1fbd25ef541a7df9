-- The zone whose days, weeks and months the calendar windows follow.
-- Source: `groundswell migrate` (GROUNDSWELL_ZONE) or the DBA. Feeds: api.move_windows,
-- the publisher of top lists.

create table core.calendar (
    only_row boolean not null default true,
    zone text not null default 'UTC',
    is_of_environment boolean not null default false,
    constraint calendar_one_row primary key (only_row),
    constraint calendar_only_row_true check (only_row)
);

comment on table core.calendar is
    'The zone whose days, weeks (from Monday) and months the calendar windows follow: one row. A '
    'change moves those windows at the next runs, in slices, and makes their rankings anew.';
comment on column core.calendar.only_row is 'True: there is one row.';
comment on column core.calendar.zone is 'IANA time zone, such as Europe/Berlin.';
comment on column core.calendar.is_of_environment is
    'Whether groundswell migrate wrote it: then it is UTC again once the setting is gone.';

insert into core.calendar default values;
