-- The categories or content types of the catalogue that have what was typed.
select found.name
from api.catalogue_names(%(kind)s::text, %(wanted)s::text, %(most)s::integer)
with ordinality as found (name, place)
order by found.place
