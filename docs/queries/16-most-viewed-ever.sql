-- The most viewed items of all time, exact as of now.
select content_type, content_id, title, views, likes, last_event_at, is_hot
from api.item_popularity
order by views desc
limit 20;
