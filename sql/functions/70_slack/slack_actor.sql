-- As whom a person of the workspace speaks (see show_slack_people); null for who is not heard, and for who is not known.
create or replace function polaris_data.slack_actor (p_org bigint, p_user text)
returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select s.actor from polaris_data.show_slack_people(p_org, array[p_user], null) s;
$$;
comment on function polaris_data.slack_actor is 'As whom a person of the workspace speaks.';
