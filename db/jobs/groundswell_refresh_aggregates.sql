-- Every minute: the most that a late event waits to be seen in today's counts.
select cron.schedule(
    'groundswell_refresh_aggregates', '* * * * *', 'call api.refresh_aggregates()'
);
