-- Takes away what stands of events below a number in other tables than those made from the record: deliveries that have ended, where a
-- session stood in git, the texts of posts for Slack. Before the index is locked.
create or replace function polaris_data.prune_copies (p_org bigint, p_project bigint, p_below bigint)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  with gone as (
    delete from polaris_data.deliveries d
    where d.org_id = p_org and d.project_id = p_project and d.advice_seq < p_below and d.state not in ('held', 'queued', 'sent')
    returning d.delivery_id)
  delete from polaris_data.slack_advice a using gone g where a.org_id = p_org and a.delivery_id = g.delivery_id;
  update polaris_data.slack_posts set
    text = '', state = case state when 'waiting' then 'dropped' else state end, reason = coalesce(reason, 'pruned')
  where org_id = p_org and project_id = p_project and seq < p_below and text <> '' and state in ('waiting', 'posted', 'failed', 'dropped');
  delete from polaris_data.checkouts k using polaris_data.sessions s
  where k.org_id = p_org and s.org_id = p_org and s.session_id = k.session_id and s.project_id = p_project and k.seq < p_below;
end;
$$;
comment on function polaris_data.prune_copies is 'Takes away what stands of pruned events in other tables.';
