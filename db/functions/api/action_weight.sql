-- What an action weighs in recommendations.
-- Source: core.recommendation_policy. Feeds: api.pair_weights, api.recommendations.
create function api.action_weight(event_type core.event_type)
returns double precision
language sql stable
begin atomic
select
    case action_weight.event_type
        when 'view' then policy.view_weight
        when 'like' then policy.like_weight
        when 'comment' then policy.comment_weight
        when 'share' then policy.share_weight
        when 'watch_time' then policy.watch_weight
        else 0
    end
from core.recommendation_policy as policy;
end;

comment on function api.action_weight(core.event_type) is
    'Weight of an action; 0 for what takes one back.';
grant execute on function api.action_weight(core.event_type) to groundswell_service;
