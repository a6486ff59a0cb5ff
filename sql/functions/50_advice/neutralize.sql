-- Makes a text harmless to show to an agent as somebody's words: no invisible or direction-changing characters, no tag by which
-- an agent's harness marks what is trusted (nor one with a bracket that only looks like one), no marker of another delivery.
-- Every line is quoted, so none can pose as ours. Code and every language stay readable.
create or replace function polaris_data.neutralize (p_text text)
returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select '> ' || replace(
    regexp_replace(
      regexp_replace(
        regexp_replace(
          translate(replace(p_text, E'\r\n', E'\n'), E'\r\u000b\u000c\u0085\u2028\u2029', E'\n\n\n\n\n\n'),
          E'[\\u0001-\\u0008\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f'
            '\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb\\U0001d173-\\U0001d17a'
            '\\U000e0000-\\U000e01ef]',
          '', 'g'),
        '[<＜﹤〈〈⟨❮‹˂《«]([\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*/?[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*'
          '(?:(?:channel|system|developer|user|assistant|human)(?:[-_][a-z_-]+)?|(?:tool|hook|function|command|local-command)[-_][a-z_-]+|'
          'cross-session-message|task-notification|untrusted_context|environment_context|invoke|thinking|antml:[a-z_]+)\y)',
        '‹\1', 'gi'),
      'polaris[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*:[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*advice[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*:',
      'polaris advice ', 'gi'),
    E'\n', E'\n> ');
$$;
comment on function polaris_data.neutralize is 'Makes a text harmless to show to an agent as somebody''s words.';
