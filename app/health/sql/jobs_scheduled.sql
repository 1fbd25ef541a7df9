-- Since when jobs are scheduled as they are.
select min(file.replaced_at) as since
from public.schema_replaceable as file
where file.path like 'jobs/%%';
