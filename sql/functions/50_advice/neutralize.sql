-- Makes a text harmless to show to an agent as somebody's words: no invisible or direction-changing characters, no tag by which
-- an agent's harness marks what is trusted, no marker of another delivery. Every line is quoted, so none can pose as ours.
create or replace function polaris_data.neutralize (p_text text)
returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select '> ' || replace(
    regexp_replace(
      regexp_replace(
        regexp_replace(
          translate(p_text, E'\r＜＞〈〉‹›', E'\n<><><>'),
          E'[\\u0001-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0f\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e01ef]',
          '', 'g'),
        '<(\s*/?\s*(?:channel|cross-session-message|system|system-reminder|task-notification|hook_context|hook_prompt|untrusted_context|command-[a-z]+|local-command-[a-z]+|user|assistant|human|tool_result|tool_use|function_[a-z]+|antml:[a-z_]+)\y)',
        '‹\1', 'gi'),
      'polaris\s*:\s*advice\s*:', 'polaris advice ', 'gi'),
    E'\n', E'\n> ');
$$;
comment on function polaris_data.neutralize is 'Makes a text harmless to show to an agent as somebody''s words.';
