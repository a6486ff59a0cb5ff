-- A brief of a session, of a project (no session), or of what a participant (p_by) did, as text of at most so many characters. Each line
-- begins with the numbers of its events; a line without one is the title of a part. Where the room ends, the three most important lines
-- of each part come first, part after part, then the rest: what is shown stands in its order all the same. The same record gives the
-- same words.
create or replace function polaris_data.memory_text (
  p_org bigint, p_project bigint, p_session bigint, p_by text, p_after bigint, p_title text, p_characters integer
)
returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_line record;
  v_ranks integer[] := array[0];
  v_parts text[] := array[p_title];
  v_ats bigint[] := array[null::bigint];
  v_lines text[] := array[null::text];
  v_left integer := p_characters - char_length(p_title) - 1;
  v_costs integer;
begin
  for v_line in
    select x.* from (
      select 0 as rank, p_title as part, h.pick, h.at, h.line from polaris_data.memory_heads(p_org, p_project, p_session, p_by, p_after) h
      union all
      select w.* from polaris_data.memory_work(p_org, p_project, p_session, p_by, p_after) w
      union all
      select n.* from polaris_data.memory_notes(p_org, p_project, p_session, p_by, p_after) n
      union all
      select case when p_session is null then 0 else 11 end, case when p_session is null then 'Sessions' else 'Beside it' end, b.pick, b.at, b.line
      from polaris_data.memory_beside(p_org, p_project, p_session, p_after) b
      where p_by is null) x
    order by x.pick > 3, x.rank, x.part <> p_title, x.pick, x.at, x.line
  loop
    v_costs := char_length(v_line.line) + 1 + case when v_line.part = any (v_parts) then 0 else char_length(v_line.part) + 1 end;
    continue when v_costs > v_left;
    v_left := v_left - v_costs;
    v_ranks := v_ranks || v_line.rank;
    v_parts := v_parts || v_line.part;
    v_ats := v_ats || v_line.at;
    v_lines := v_lines || v_line.line;
  end loop;
  return (
    select string_agg(concat_ws(E'\n', case when x.is_first then x.part end, x.line), E'\n' order by x.rank, x.part <> p_title, x.at nulls first, x.line)
    from (
      select u.*, row_number() over (partition by u.part order by u.rank, u.at nulls first, u.line) = 1 as is_first
      from unnest(v_ranks, v_parts, v_ats, v_lines) as u (rank, part, at, line)) x);
end;
$$;
comment on function polaris_data.memory_text is 'A brief as text of at most so many characters.';
