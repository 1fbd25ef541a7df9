-- Every minute: as fresh as pg_cron's whole minutes allow, and its cost follows what changed.
select cron.schedule('groundswell_run_rankings', '* * * * *', 'call api.run_rankings()');
