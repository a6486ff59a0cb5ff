-- The views are made anew together, because "create or replace view" can neither take a column away nor move one. An analyst who is
-- reading at this moment would make the upgrade wait, and fail after five seconds: such a connection is ended. What analysts may
-- read of the tables below goes too; each view gives its own part of that again.
do $$
declare
  v_name text;
begin
  begin
    perform pg_catalog.pg_terminate_backend(x.pid) from (
      select distinct k.pid from pg_catalog.pg_locks k
      join pg_catalog.pg_class c on c.oid = k.relation
      where k.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
        and c.relnamespace = 'polaris_history'::pg_catalog.regnamespace and k.pid <> pg_catalog.pg_backend_pid()) x;
  exception when insufficient_privilege then
    null; -- then it waits
  end;
  for v_name in
    select pg_catalog.format('%I.%I', c.relnamespace::pg_catalog.regnamespace, c.relname)
    from pg_catalog.pg_class c where c.relnamespace = 'polaris_history'::pg_catalog.regnamespace and c.relkind = 'v'
  loop
    execute 'drop view ' || v_name;
  end loop;
  for v_name in
    select distinct pg_catalog.format('%I.%I', c.relnamespace::pg_catalog.regnamespace, c.relname)
    from pg_catalog.pg_class c
    where c.relnamespace = 'polaris_data'::pg_catalog.regnamespace and c.relkind in ('r', 'p')
      and pg_catalog.has_any_column_privilege('polaris_analyst', c.oid, 'select')
  loop
    execute pg_catalog.format('revoke all on table %s from polaris_analyst', v_name);
  end loop;
end $$;
