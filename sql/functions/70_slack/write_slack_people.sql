-- Writes what Slack says of people ({"id", "username", "name", "email", "picture", "standing"} each) and finds out which members they are.
-- A handle is made once, from the name, with a number where somebody else has or had it, and stays theirs for ever: the record knows them
-- by it (slack_handles). p_whole: this is the end of the whole list. Answers how many. The service only.
-- Fails: 409 bridge_was_replaced.
-- A plan may be made while nobody is there, and used for ten thousand people: written for one index, as write_events.
create or replace function polaris.write_slack_people (p_org bigint, p_fence bigint, p_people jsonb, p_whole boolean default false)
returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_sort = off
as $$
declare
  v_workspace polaris_data.slack_workspaces;
  v_person record;
  v_old polaris_data.slack_people;
  v_moved text[] := '{}';
  v_key bytea;
  v_who bytea;
  v_slug text;
  v_handle text;
  v_number integer;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_service();
  perform polaris_data.lock_slack(p_org); -- two who meet somebody new at once give one handle
  v_workspace := polaris_data.require_fence(p_org, p_fence);
  select o.redaction_key into strict v_key from polaris_data.orgs o where o.org_id = p_org;
  for v_person in
    select x.id, lower(x.username) as username, x.name, nullif(lower(btrim(x.email)), '') as email, x.picture, x.standing
    from jsonb_to_recordset(p_people) as x (id text, username text, name text, email text, picture text, standing text)
    where x.id <> '' order by x.id
  loop
    select s.* into v_old from polaris_data.slack_people s where s.org_id = p_org and s.user_id = v_person.id;
    if (v_old.email, v_old.standing) is distinct from (v_person.email, v_person.standing) then
      v_moved := v_moved || v_old.email || v_person.email;
    end if; -- else it is a status or a picture, of which Slack tells all day
    update polaris_data.slack_people set
      username = v_person.username, name = left(coalesce(v_person.name, v_person.id), 200), email = v_person.email,
      picture = left(v_person.picture, 1000), standing = v_person.standing, looked_up_at = v_now,
      member = case when member_by = 'email' and email is distinct from v_person.email then null else member end,
      member_by = case when member_by = 'email' and email is distinct from v_person.email then null else member_by end
    where org_id = p_org and user_id = v_person.id;
    if not found then
      v_who := sha256(v_key || convert_to(v_workspace.team_id || '/' || v_person.id, 'UTF8'));
      select h.handle into v_handle from polaris_data.slack_handles h
      where h.org_id = p_org and h.who between v_who and v_who order by h.who limit 1;
      if not found then
        select x.slug into strict v_slug from (
          select n, rtrim(left(ltrim(regexp_replace(regexp_replace(
            lower(normalize(text, NFKD)), E'[\u0300-\u036f]', '', 'g'), '[^a-z0-9]+', '-', 'g'), '-'), 56), '-') as slug
          from (values (1, v_person.name), (2, v_person.username), (3, v_person.id), (4, 'somebody')) as t (n, text)) x
        where x.slug <> '' order by x.n limit 1;
        v_handle := v_slug;
        v_number := 1;
        while exists (
          select from polaris_data.slack_handles h
          where h.org_id = p_org and h.handle between v_handle and v_handle order by h.handle limit 1
        ) loop
          v_number := v_number + 1;
          v_handle := v_slug || '-' || v_number;
        end loop;
        insert into polaris_data.slack_handles (org_id, handle, who) values (p_org, v_handle, v_who);
      end if;
      insert into polaris_data.slack_people (org_id, user_id, handle, username, name, email, picture, standing, looked_up_at)
      values (p_org, v_person.id, v_handle, v_person.username, left(coalesce(v_person.name, v_person.id), 200),
        v_person.email, left(v_person.picture, 1000), v_person.standing, v_now);
    end if;
    v_count := v_count + 1;
  end loop;
  perform polaris_data.match_slack(p_org, v_moved);
  if p_whole then
    update polaris_data.slack_workspaces set people_at = v_now where org_id = p_org;
  end if;
  return v_count;
end;
$$;
comment on function polaris.write_slack_people is 'Writes what Slack says of people.';
