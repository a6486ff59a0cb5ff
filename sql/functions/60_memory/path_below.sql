-- A path as one writes it below a folder: absolute ones stay, Windows' get slashes, "." and ".." are followed.
create or replace function polaris_data.path_below (p_folder text, p_path text)
returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v_path text := case when p_path ~ '^([A-Za-z]:)?\\|^[A-Za-z]:/' then replace(p_path, '\', '/') else p_path end;
  v_part text;
  v_parts text[] := '{}';
begin
  v_path := regexp_replace(btrim(v_path, E' \t\r\n'), '^file://', '');
  if v_path !~ '^(/|~|[A-Za-z]:/)' and p_folder <> '' then
    v_path := replace(p_folder, '\', '/') || '/' || v_path;
  end if;
  if v_path is null or v_path !~ '(^|/)\.{0,2}(/|$)' then
    return v_path;
  end if;
  foreach v_part in array string_to_array(v_path, '/') loop
    if v_part = '..' and cardinality(v_parts) > 0 and v_parts[cardinality(v_parts)] not in ('..', '') then
      v_parts := v_parts[:cardinality(v_parts) - 1];
    elsif v_part not in ('', '.') or (v_part = '' and cardinality(v_parts) = 0) then
      v_parts := v_parts || v_part;
    end if;
  end loop;
  return array_to_string(v_parts, '/');
end;
$$;
comment on function polaris_data.path_below is 'A path as one writes it below a folder.';
