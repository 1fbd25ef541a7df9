-- Let one transaction at a time insert events whose id alone says what is the same.
select pg_advisory_xact_lock(hashtext('groundswell.untimed_events'))
