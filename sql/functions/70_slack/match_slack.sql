-- Finds out which members the people of the workspace with these e-mail addresses are: the one whose sign-in has the same address. Two of
-- one address, on either side, are nobody, and what an administrator said stays. Called with every address that came or went, on either
-- side, behind the lock of the workspace: of two who change an address at once, the second sees both.
create or replace function polaris_data.match_slack (p_org bigint, p_emails text[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  v_email text;
  v_member text;
begin
  perform polaris_data.lock_slack(p_org);
  for v_email in select distinct lower(x.email) from unnest(p_emails) as x (email) where x.email <> '' order by 1 loop
    v_member := null;
    if (select count(*) = 1 from polaris_data.slack_people s where s.org_id = p_org and s.email = v_email and s.standing = 'full') then
      select min(m.handle) into v_member from polaris_data.people p
      join polaris_data.members m on m.org_id = p_org and m.person_id = p.person_id and m.removed_at is null
      where lower(p.email) = v_email having count(*) = 1;
    end if;
    update polaris_data.slack_people s set
      member = case s.standing when 'full' then v_member end,
      member_by = case when s.standing = 'full' and v_member is not null then 'email' end
    where s.org_id = p_org and s.email = v_email and s.member_by is distinct from 'admin'
      and s.member is distinct from case s.standing when 'full' then v_member end;
  end loop;
end;
$$;
comment on function polaris_data.match_slack is 'Finds out which members the people of the workspace are.';
