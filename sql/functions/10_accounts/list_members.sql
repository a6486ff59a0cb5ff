-- The members of the caller's organization, removed ones too.
create or replace function polaris.list_members (p_org bigint default null, p_actor text default null)
returns setof polaris_data.member_row
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_me record;
begin
  v_me := polaris_data.acting(p_org, p_actor);
  return query select * from polaris_data.show_members(v_me.org_id);
end;
$$;
comment on function polaris.list_members is 'The members of the caller''s organization, removed ones too.';
