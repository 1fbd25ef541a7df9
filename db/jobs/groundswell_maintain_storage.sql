-- Hourly, off the full hour: retention and columnstore work in days, old snapshots thin in hours.
select cron.schedule('groundswell_maintain_storage', '17 * * * *', 'call api.maintain_storage()');
