-- Begin to reconcile like counts; no row where another does, or one just has.
select begun.ledger_id
from api.begin_like_reconciliation(%(every)s::interval) as begun (ledger_id)
where begun.ledger_id is not null;
