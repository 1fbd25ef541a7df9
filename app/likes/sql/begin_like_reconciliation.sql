-- Begin to reconcile like counts; no row where another does, or one just has.
select
    ledger_id,
    since,
    until
from api.begin_like_reconciliation(%(every)s::interval);
