-- Writes a membership, and finds the person in the organization's Slack. Somebody who left comes back under the handle that it had, and
-- no other.
-- Fails: 409 already_member, 409 member_exists (a handle is never given to another person, not even after a removal).
create or replace function polaris_data.write_member (p_org bigint, p_person bigint, p_handle text, p_role text)
returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_known polaris_data.members;
begin
  perform from polaris_data.people p where p.person_id = p_person for no key update; -- two ways in at once are one membership
  select m.* into v_known from polaris_data.members m
  where m.org_id = p_org and m.person_id = p_person order by m.removed_at desc nulls first, m.handle limit 1;
  if v_known.handle is not null and v_known.removed_at is null then
    perform polaris_data.fail(409, 'already_member', format('This person is user:%s here already.', v_known.handle));
  elsif v_known.handle = p_handle then
    update polaris_data.members set removed_at = null, role = p_role where org_id = p_org and handle = p_handle;
    perform polaris_data.match_member(p_org, p_handle);
    return;
  elsif v_known.handle is not null then
    perform polaris_data.fail(409, 'member_exists', format('This person was user:%s here.', v_known.handle),
      format('Use the handle %s again.', v_known.handle));
  end if;
  insert into polaris_data.members (org_id, handle, person_id, role) values (p_org, p_handle, p_person, p_role)
  on conflict do nothing;
  if not found then
    perform polaris_data.fail(409, 'member_exists', format('There is, or was, a member user:%s.', p_handle), 'Choose another handle.');
  end if;
  perform polaris_data.match_member(p_org, p_handle);
end;
$$;
comment on function polaris_data.write_member is 'Writes a membership.';
