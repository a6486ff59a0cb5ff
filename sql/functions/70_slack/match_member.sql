-- Finds a member in the workspace of its organization: by the address that its person has now; whoever was found by another one is not this
-- member any more. p_before: the address that the person had, which may be somebody else's alone now.
create or replace function polaris_data.match_member (p_org bigint, p_handle text, p_before text default null)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  perform polaris_data.lock_slack(p_org);
  perform polaris_data.match_slack(p_org, array(
    select p.email from polaris_data.members m join polaris_data.people p on p.person_id = m.person_id
    where m.org_id = p_org and m.handle = p_handle
    union all
    select s.email from polaris_data.slack_people s where s.org_id = p_org and s.member = p_handle and s.member_by = 'email'
    union all
    select p_before));
end;
$$;
comment on function polaris_data.match_member is 'Finds a member in the workspace of its organization.';
