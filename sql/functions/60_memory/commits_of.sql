-- The commits that the answer of a tool proves to be made; p_head is what HEAD was behind it, if that is known. See index_commits.
-- Never fails.
create or replace function polaris_data.commits_of (
  p_org bigint, p_session bigint, p_seq bigint, p_body text, p_payload jsonb, p_head text
)
returns table (commit text, subject text)
language plpgsql stable
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
declare
  v_printed boolean := p_body ~ '\[[^][\n]+ [0-9a-f]{7,40}\] ';
  v_trailer boolean := strpos(p_body, 'Polaris-Session: ') > 0;
  v_command text;
  v_before text;
begin
  if v_trailer then
    return query
    select left(part, 40), polaris_data.excerpt((regexp_match(part, '\n\n\s*([^\n]+)'))[1], 200)
    from regexp_split_to_table(left(p_body, 200000), '^commit (?=[0-9a-f]{40})', 'n') part
    join polaris_data.sessions s on s.org_id = p_org and s.session_id = p_session
    join polaris_data.projects p on p.org_id = p_org and p.project_id = s.project_id
    where part ~ '^[0-9a-f]{40}' and part ~ format('\n\s*Polaris-Session: %s/%s\s*(\n|$)', p.name, s.name);
  end if;
  if not v_printed and p_head is null then
    return;
  end if;
  v_command := coalesce(
    p_payload #>> '{tool_input,command}', p_payload #>> '{input,args,command}', p_payload #>> '{tool_info,command_line}',
    p_payload #>> '{tool_calls,0,tool_input,command}', p_payload #>> '{input,event,properties,part,state,input,command}');
  if v_printed then
    return query
    select case when p_head like m[1] || '%' then p_head else m[1] end, nullif(polaris_data.excerpt(m[2], 200), '')
    from regexp_matches(left(p_body, 200000), '^\s*(?:Output: )?\[[^][\n]+ ([0-9a-f]{7,40})\] ([^\r\n]*)', 'gn') m
    where p_head like m[1] || '%' or v_command ~ '\mgit\M.*\m(commit|merge|cherry-pick|revert|rebase|am)\M'
    limit 100;
    if found then
      return;
    end if;
  end if;
  if p_head is not null and v_command ~ '\mgit\M[^|;&\n]*\mcommit\M' then
    select e.facts ->> 'commit' into v_before from (
      select e.facts from polaris_data.events e
      where e.org_id = p_org and e.session_id = p_session and e.seq < p_seq order by e.seq desc limit 200) e
    where e.facts ? 'commit' limit 1;
    if v_before <> p_head then
      commit := p_head;
      subject := null;
      return next;
    end if;
  end if;
end;
$$;
comment on function polaris_data.commits_of is 'The commits that the answer of a tool proves to be made.';
