-- Finds out which member each person of the workspace is: the one whose sign-in has the same e-mail address. Two of one address, on
-- either side, are nobody, and what an administrator said stays. Called whenever an address came or went, on either side, behind
-- the lock of the workspace: of two who change an address at once, the second sees both.
create or replace function polaris_data.match_slack (p_org bigint)
returns void
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select polaris_data.lock_slack(p_org);
  with mail as (
    select lower(p.email) as email, min(m.handle) as handle from polaris_data.members m
    join polaris_data.people p on p.person_id = m.person_id
    where m.org_id = p_org and m.removed_at is null and p.email is not null
    group by lower(p.email) having count(*) = 1
  ), theirs as (
    select s.email, min(s.user_id) as user_id from polaris_data.slack_people s
    where s.org_id = p_org and s.standing = 'full' and s.email is not null
    group by s.email having count(*) = 1
  ), wanted as (
    select s.user_id, mail.handle from polaris_data.slack_people s
    left join theirs on theirs.user_id = s.user_id
    left join mail on mail.email = theirs.email
    where s.org_id = p_org and s.member_by is distinct from 'admin' and s.member is distinct from mail.handle
    order by s.user_id for no key update of s
  )
  update polaris_data.slack_people s set member = w.handle, member_by = case when w.handle is not null then 'email' end
  from wanted w
  where s.org_id = p_org and s.user_id = w.user_id;
$$;
comment on function polaris_data.match_slack is 'Finds out which member each person of the workspace is.';
