-- Keeps the hash of a new token of p_for. A person may have tokens for itself and for agents that nobody else runs; an
-- administrator for anybody. The first one to issue a token for an agent's name runs that agent. An agent issues none: it would
-- outlive its own expiry. Nor does anybody become the one who runs an agent that is on the list of a private project by being the
-- first to ask. A sliding expiry moves with each use.
-- Fails: 403 not_your_token, 404 no_such_member, 404 no_such_project, 422 actor_is_a_participant, 422 token_name_is_short,
-- 422 expiry_is_sane.
create or replace function polaris.issue_token (
  p_org bigint, p_actor text, p_for text, p_name text, p_hash bytea, p_shown text,
  p_project text default null, p_expires_in interval default '90 days', p_sliding boolean default false
)
returns setof polaris_data.token_row
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
  v_project bigint;
  v_token bigint;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  perform polaris_data.require_participant(p_for);
  if p_for like 'slack:%' then
    perform polaris_data.fail(422, 'actor_is_a_participant', 'Tokens are for people and agents.', 'Write user:manu or agent:test-writer.');
  end if;
  if polaris_data.role_of(v_me.org_id, p_for) is null then
    perform polaris_data.fail(404, 'no_such_member', format('There is no member %s.', p_for), 'Add it first: polaris member add.');
  end if;
  if p_name is null or char_length(p_name) not between 1 and 100 then
    perform polaris_data.fail(422, 'token_name_is_short', 'A token has a name of 1 to 100 characters.');
  end if;
  if p_expires_in <= interval '0' or (p_sliding and p_expires_in is null) then
    perform polaris_data.fail(422, 'expiry_is_sane', 'A token lives for a time, and one that slides needs to know for how long.');
  end if;
  -- One at a time in an organization: two who are first with an agent's name are not both its owner.
  perform from polaris_data.orgs o where o.org_id = v_me.org_id for no key update;
  if v_me.actor not like 'user:%' or (
    v_me.actor <> p_for and polaris_data.role_of(v_me.org_id, v_me.actor) is distinct from 'admin' and (p_for not like 'agent:%' or exists (
      select from polaris_data.tokens t where t.org_id = v_me.org_id and t.actor = p_for and t.issued_by <> v_me.actor)
    or (not exists (select from polaris_data.tokens t where t.org_id = v_me.org_id and t.actor = p_for) and exists (
      select from polaris_data.project_members m
      where m.org_id = v_me.org_id and m.actor = p_for and not polaris_data.may_see_id(v_me.org_id, v_me.actor, m.project_id))))) then
    perform polaris_data.fail(403, 'not_your_token', format('%s may not issue tokens for %s.', v_me.actor, p_for),
      'Ask its owner or an administrator.');
  end if;
  if p_project is not null then
    v_project := (polaris_data.find_project(v_me.org_id, v_me.actor, p_project)).project_id;
  end if;
  -- Two statements: a stable function sees what was there when its own statement began.
  v_token := polaris_data.write_token(
    v_me.org_id, coalesce(v_me.actor, p_for), p_for, p_name, p_hash, p_shown, v_project, p_expires_in, p_sliding);
  return query select * from polaris_data.show_tokens(v_me.org_id, v_token);
end;
$$;
comment on function polaris.issue_token is 'Keeps the hash of a new token.';
