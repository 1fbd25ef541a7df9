-- Take texts that are due to be translated.
select
    taken.digest,
    taken.target,
    taken.attempt,
    taken.source,
    taken.text
from api.claim_translations(
    %(as_of)s::timestamptz, %(lease)s::interval, %(capacity)s::integer
) as taken;
