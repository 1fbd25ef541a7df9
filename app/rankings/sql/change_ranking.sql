-- Change settings of a ranking.
select api.change_ranking(%(ranking)s::text, %(changes)s::jsonb);
