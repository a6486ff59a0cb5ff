-- The decisions, questions and stars of a project, the newest first: all, or those of a session, of some kinds, open or closed, about one
-- event. The next page is what lies before the last number.
-- Fails: 404 no_such_project, 404 no_such_session, 422 annotation_is_known, 422 limit_is_sane.
create or replace function polaris.list_annotations (
  p_org bigint default null, p_actor text default null, p_project text default null, p_session text default null,
  p_kind text[] default null, p_open boolean default null, p_about bigint default null, p_before bigint default null,
  p_limit integer default 100
)
returns setof polaris_data.annotation_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project polaris_data.projects;
  v_session bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  v_project := polaris_data.find_project(v_me.org_id, v_me.actor, p_project);
  if p_session is not null then
    v_session := (polaris_data.find_session(v_me.org_id, v_me.actor, p_project, p_session)).session_id;
  end if;
  if not p_kind <@ array['decision', 'question', 'star'] then
    perform polaris_data.fail(422, 'annotation_is_known', 'There are decisions, questions and stars.', 'Write decision, question or star.');
  elsif p_limit is null or p_limit not between 1 and 1000 then
    perform polaris_data.fail(422, 'limit_is_sane', 'A page has 1 to 1000 annotations.');
  end if;
  return query select * from polaris_data.show_annotations(
    v_me.org_id, v_project.project_id, v_session, p_kind, p_open, p_about, null, p_before, p_limit);
end;
$$;
comment on function polaris.list_annotations is 'The decisions, questions and stars of a project.';
