-- Sets the reaction that a message should have: that of its piece of advice which is least far; none where all was withdrawn. The message
-- is locked before its advice is read, so that of two at once the later knows more. When a message that is not in Slack yet is sent
-- does not change with this: it may be on its way.
create or replace function polaris_data.mark_slack_post (p_org bigint, p_post bigint)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_reaction text;
  v_now timestamptz := clock_timestamp();
begin
  perform from polaris_data.slack_posts o where o.org_id = p_org and o.post_id = p_post for no key update;
  select x.reaction into v_reaction from polaris_data.slack_advice a
  join polaris_data.deliveries d on d.org_id = a.org_id and d.delivery_id = a.delivery_id
  join (values
    ('failed', 1, 'warning'), ('expired', 1, 'warning'), ('declined', 2, 'no_entry_sign'), ('held', 3, 'raised_hand'),
    ('queued', 4, 'inbox_tray'), ('sent', 5, 'hourglass_flowing_sand'), ('seen', 6, 'eyes'), ('answered', 7, 'white_check_mark')
  ) as x (state, rank, reaction) on x.state = d.state
  where a.org_id = p_org and a.post_id = p_post and not a.withdrawn
  order by x.rank limit 1;
  update polaris_data.slack_posts set reaction = v_reaction, due_at = case when ts is null then due_at else least(due_at, v_now) end
  where org_id = p_org and post_id = p_post and reaction is distinct from v_reaction;
end;
$$;
comment on function polaris_data.mark_slack_post is 'Sets the reaction that a message should have.';
