-- Every minute: who has begun to push an item is found before it has stood in a list for long; it
-- looks at one hour of events.
select cron.schedule('groundswell_label_actors', '* * * * *', 'call api.label_actors()');
