-- Whether an event of this kind says anything that somebody wrote: not what was made and archived, nor who claimed and left a seat. Who
-- took one over says why.
create or replace function polaris_data.may_be_erased (p_kind text)
returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select p_kind not in ('session.created', 'session.archived', 'driver.claimed', 'driver.released', 'driver.expired');
$$;
comment on function polaris_data.may_be_erased is 'Whether an event of this kind says anything that somebody wrote.';
