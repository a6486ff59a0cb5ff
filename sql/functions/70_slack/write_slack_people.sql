-- Writes what Slack says of people ({"id", "username", "name", "email", "picture", "standing"} each) and finds out which members they are.
-- A handle is made once, from the name, with a number where another has it, and stays. p_whole: this is the end of the whole list.
-- Answers how many. The service only. Fails: 409 bridge_was_replaced.
create or replace function polaris.write_slack_people (p_org bigint, p_fence bigint, p_people jsonb, p_whole boolean default false)
returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_person record;
  v_slug text;
  v_handle text;
  v_count integer := 0;
  v_now timestamptz := clock_timestamp();
begin
  perform polaris_data.require_fence(p_org, p_fence);
  for v_person in
    select * from jsonb_to_recordset(p_people) as x (id text, username text, name text, email text, picture text, standing text)
    where x.id is not null order by x.id
  loop
    update polaris_data.slack_people set
      username = lower(v_person.username), name = left(coalesce(v_person.name, v_person.id), 200), email = lower(v_person.email),
      picture = left(v_person.picture, 1000), standing = v_person.standing, looked_up_at = v_now
    where org_id = p_org and user_id = v_person.id;
    if not found then
      v_slug := coalesce(nullif(left(trim(both '-' from regexp_replace(
        lower(coalesce(v_person.name, v_person.username, '')), '[^a-z0-9]+', '-', 'g')), 56), ''), lower(v_person.id));
      select x.handle into v_handle from (
        select case n when 1 then v_slug else v_slug || '-' || n end as handle, n from generate_series(1, 10000) n) x
      where not exists (select from polaris_data.slack_people p where p.org_id = p_org and p.handle = x.handle)
      order by x.n limit 1;
      insert into polaris_data.slack_people (org_id, user_id, handle, username, name, email, picture, standing, looked_up_at)
      values (p_org, v_person.id, v_handle, lower(v_person.username), left(coalesce(v_person.name, v_person.id), 200),
        lower(v_person.email), left(v_person.picture, 1000), v_person.standing, v_now);
    end if;
    v_count := v_count + 1;
  end loop;
  perform polaris_data.match_slack(p_org);
  if p_whole then
    update polaris_data.slack_workspaces set people_at = v_now where org_id = p_org;
  end if;
  return v_count;
end;
$$;
comment on function polaris.write_slack_people is 'Writes what Slack says of people.';
