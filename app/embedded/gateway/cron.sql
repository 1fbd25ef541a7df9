-- What of pg_cron's SQL interface (version 1.6) is used here: schedule, unschedule and two tables.
-- The gateway runs the jobs.
create schema if not exists cron;
grant usage on schema cron to public;

create sequence if not exists cron.jobid_seq;
create sequence if not exists cron.runid_seq;

create table if not exists cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default 5432,
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);

create table if not exists cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);

alter table cron.job enable row level security;
alter table cron.job_run_details enable row level security;
do $$
begin
  if not exists (select from pg_policies where schemaname = 'cron' and tablename = 'job') then
    create policy cron_job_policy on cron.job using (username = current_user);
    create policy cron_job_run_details_policy on cron.job_run_details
      using (username = current_user);
  end if;
end
$$;
grant select on cron.job to public;
grant select, delete on cron.job_run_details to public;

-- The rules of schedule.mjs: one field of a schedule.
create or replace function cron.__field_is_valid(field text, low integer, high integer, names text[])
returns boolean language plpgsql immutable set search_path = pg_catalog as $$
declare
  part text;
  bounds text[];
  first integer;
  last integer;
begin
  foreach part in array string_to_array(lower(field), ',') loop
    bounds := regexp_match(part, '^(\*|\w+)(?:-(\w+))?(?:/(\d{1,4}))?$');
    if bounds is null or (bounds[1] = '*' and bounds[2] is not null)
       or (bounds[3] is not null and bounds[1] <> '*' and bounds[2] is null)
       or bounds[3]::integer < 1 then
      return false;
    end if;
    continue when bounds[1] = '*';
    first := coalesce(array_position(names, bounds[1]) - 1 + low,
                      case when bounds[1] ~ '^\d{1,2}$' then bounds[1]::integer end);
    last := case when bounds[2] is null then first
                 else coalesce(array_position(names, bounds[2]) - 1 + low,
                               case when bounds[2] ~ '^\d{1,2}$' then bounds[2]::integer end) end;
    if first is null or last is null or first < low or last > high or first > last then
      return false;
    end if;
  end loop;
  return true;
end
$$;

create or replace function cron.__check_schedule(schedule text)
returns void language plpgsql immutable set search_path = pg_catalog as $$
declare
  fields text[] := regexp_split_to_array(btrim(schedule, E' \t\n'), '\s+');
begin
  if schedule ~* '^\s*([1-9]|[1-5]\d)\s+seconds?\s*$'
     or lower(btrim(schedule, E' \t\n')) in ('@reboot', '@yearly', '@annually', '@monthly', '@weekly',
                                        '@daily', '@midnight', '@hourly') then
    return;
  end if;
  if cardinality(fields) = 5
     and length(schedule) <= 1000
     and cron.__field_is_valid(fields[1], 0, 59, '{}')
     and cron.__field_is_valid(fields[2], 0, 23, '{}')
     and (fields[3] = '$' or cron.__field_is_valid(fields[3], 1, 31, '{}'))
     and cron.__field_is_valid(fields[4], 1, 12,
           '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}')
     and cron.__field_is_valid(fields[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}') then
    return;
  end if;
  raise exception 'invalid schedule: %', schedule
    using errcode = 'invalid_parameter_value',
          hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
end
$$;

-- Definer's rights, because only the gateway's role may write to cron.job. The caller's role is a
-- parameter: inside the function current_user is the owner.
create or replace function cron.__schedule(
  job_name text, schedule text, command text, username text
) returns bigint language plpgsql security definer set search_path = pg_catalog as $$
declare
  id bigint;
begin
  perform cron.__check_schedule(schedule);
  if username <> session_user
     and not (select rolsuper from pg_roles where rolname = session_user) then
    raise exception 'must be superuser to create a job for another role'
      using errcode = 'insufficient_privilege';
  end if;
  insert into cron.job (schedule, command, username, jobname)
  values (schedule, command, username, job_name)
  on conflict on constraint jobname_username_uniq do update
    set schedule = excluded.schedule, command = excluded.command
  returning jobid into id;
  return id;
end
$$;

create or replace function cron.schedule(schedule text, command text)
returns bigint language sql
return cron.__schedule(null, schedule, command, current_user);

create or replace function cron.schedule(job_name text, schedule text, command text)
returns bigint language plpgsql as $$
begin
  if job_name is null then
    raise exception 'job_name can not be NULL' using errcode = 'invalid_parameter_value';
  end if;
  return cron.__schedule(job_name, schedule, command, current_user);
end
$$;

create or replace function cron.__unschedule(id bigint, caller text)
returns boolean language plpgsql security definer set search_path = pg_catalog as $$
begin
  delete from cron.job
  where jobid = id
    and (username = caller or (select rolsuper from pg_roles where rolname = caller));
  if not found then
    raise exception 'could not find valid entry for job ''%''', id
      using errcode = 'internal_error';
  end if;
  return true;
end
$$;

create or replace function cron.unschedule(job_id bigint)
returns boolean language sql
return cron.__unschedule(job_id, current_user);

create or replace function cron.unschedule(job_name text)
returns boolean language plpgsql as $$
declare
  id bigint := (select jobid from cron.job where jobname = job_name and username = current_user);
begin
  if id is null then
    raise exception 'could not find valid entry for job ''%''', job_name
      using errcode = 'internal_error';
  end if;
  return cron.__unschedule(id, current_user);
end
$$;

update cron.job_run_details
set status = 'failed', return_message = 'server restarted', end_time = clock_timestamp()
where status in ('starting', 'running');
