-- Change settings of a ranking; what held until then, as a row of api.ranking_settings.
select api.change_ranking(%(ranking)s::text, %(changes)s::jsonb) as held;
