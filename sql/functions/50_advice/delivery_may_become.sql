-- The table of a delivery's states: what may become what. A lost attempt goes from sent back to queued; a proof from capture is
-- believed even when it overtakes the news that the attempt was made.
create or replace function polaris_data.delivery_may_become (p_from text, p_to text)
returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select (p_from, p_to) in (values
    ('held', 'queued'), ('held', 'declined'), ('held', 'expired'), ('held', 'failed'),
    ('queued', 'sent'), ('queued', 'seen'), ('queued', 'declined'), ('queued', 'expired'), ('queued', 'failed'),
    ('sent', 'queued'), ('sent', 'seen'), ('sent', 'failed'),
    ('seen', 'answered'));
$$;
comment on function polaris_data.delivery_may_become is 'The table of a delivery''s states: what may become what.';
