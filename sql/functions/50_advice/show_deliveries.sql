-- Deliveries of a project as everybody is shown them, oldest first; by id, by session, by state, the newest p_limit.
create or replace function polaris_data.show_deliveries (
  p_org bigint, p_project bigint, p_delivery uuid default null, p_session bigint default null, p_states text[] default null,
  p_limit integer default 1000
)
returns setof polaris_data.delivery_row
language sql stable set search_path = pg_catalog, pg_temp as $$
  select x.* from (
    select d.delivery_id, p.name, s.name, d.advice_seq, d.sender, d.sender_class, d.body, d.state, d.reason, d.path, d.attempts,
      d.epoch, d.queued_at, d.sent_at, d.seen_at, d.answered_at, d.expires_at, d.edited_by
    from polaris_data.deliveries d
    join polaris_data.projects p on p.org_id = d.org_id and p.project_id = d.project_id
    join polaris_data.sessions s on s.org_id = d.org_id and s.session_id = d.session_id
    where d.org_id = p_org and d.project_id = p_project
      and (p_delivery is null or d.delivery_id = p_delivery)
      and (p_session is null or d.session_id = p_session)
      and (p_states is null or d.state = any (p_states))
    order by d.advice_seq desc limit p_limit) x
  order by x.advice_seq;
$$;
comment on function polaris_data.show_deliveries is 'Deliveries of a project as everybody is shown them.';
