-- Every ten minutes it looks; core.recommendation_policy.count_every says when there is enough.
select cron.schedule('groundswell_count_neighbours', '*/10 * * * *', 'call api.count_neighbours()');
