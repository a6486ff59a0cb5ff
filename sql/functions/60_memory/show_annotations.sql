-- Annotations of a project as everybody is shown them, the newest first: all, or those of a session, about an event, or with this
-- number. Closed ones too unless only open ones are asked for. The words are the events' own, so that what is erased there is gone here.
create or replace function polaris_data.show_annotations (
  p_org bigint, p_project bigint, p_session bigint, p_what text[], p_open boolean, p_about bigint, p_seq bigint, p_before bigint,
  p_limit integer
)
returns setof polaris_data.annotation_row
language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
  select a.seq, p.name, s.name, a.what, coalesce(e.body, ''), a.actor, coalesce(polaris_data.speaker_of('annotation', a.actor, e.agent), 'person'),
    a.at, a.about, o.kind, polaris_data.excerpt(o.body, 200), a.closed_at, a.closed_by, a.closed_seq, nullif(c.body, '')
  from (
    select n.* from polaris_data.annotations n
    where n.org_id = p_org and n.project_id = p_project
      and (p_session is null or n.session_id = p_session)
      and (p_what is null or n.what = any (p_what))
      and (p_open is null or (n.closed_at is null) = p_open)
      and (p_about is null or n.about = p_about)
      and (p_seq is null or n.seq = p_seq)
      and (p_before is null or n.seq < p_before)
    order by n.seq desc limit p_limit) a
  join polaris_data.projects p on p.org_id = p_org and p.project_id = p_project
  left join polaris_data.sessions s on s.org_id = p_org and s.session_id = a.session_id
  left join lateral polaris_data.peek_event(p_org, p_project, a.seq) e on true
  left join lateral polaris_data.peek_event(p_org, p_project, a.about) o on true
  left join lateral polaris_data.peek_event(p_org, p_project, a.closed_seq) c on true
  order by a.seq desc;
$$;
comment on function polaris_data.show_annotations is 'Annotations of a project as everybody is shown them.';
