-- Daily in the early hours: it reads every raw event, and has nothing to do unless someone changed
-- events by hand.
select cron.schedule('groundswell_reconcile', '41 3 * * *', 'call api.reconcile()');
