-- Asks that what a participant said be taken away in all projects, up to what is there now: prompts and what their coding agents did,
-- advice, words to the floor, annotations. polaris.erase_batch does it, soon and to its end. That they took part stays; what others
-- said about them stays, too. Administrators only.
-- Fails: 403 admin_only, 409 legal_hold, 422 actor_is_a_participant, 422 body_is_there, 422 body_is_short.
create or replace function polaris.erase_person (p_org bigint, p_actor text, p_participant text, p_reason text)
returns setof polaris_data.erasure_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_admin(v_me.org_id, v_me.actor);
  perform polaris_data.require_participant(p_participant);
  return query select * from polaris_data.begin_erasure(
    v_me.org_id, v_me.actor,
    array(select p.project_id from polaris_data.projects p where p.org_id = v_me.org_id order by p.project_id),
    0, p_participant, p_participant, p_reason);
end;
$$;
comment on function polaris.erase_person is 'Asks that what a participant said be taken away.';
