-- Checks a text that somebody wrote: something in it, and no longer than so many characters.
-- Fails: 422 body_is_there, 422 body_is_short.
create or replace function polaris_data.require_body (p_body text, p_most integer)
returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if p_body is null or btrim(p_body, E' \t\r\n') = '' then
    perform polaris_data.fail(422, 'body_is_there', 'There is no text.', 'Say something.');
  elsif char_length(p_body) > p_most then
    perform polaris_data.fail(422, 'body_is_short', format('The text has %s characters; %s are allowed.', char_length(p_body), p_most),
      'Say it shorter, or in several pieces.');
  end if;
end;
$$;
comment on function polaris_data.require_body is 'Checks a text that somebody wrote.';
