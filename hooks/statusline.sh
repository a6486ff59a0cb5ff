#!/bin/bash -p
# Claude Code's status line: asks the Polaris daemon about the session that is named on stdin and prints one line.
#
#   polaris: pj/fxm (user:manu) ● connected      the daemon's own words
#   polaris: not connected                       the session is in no project, or the daemon does not run
#   polaris: ○ offline                           it is in one, but the daemon cannot be asked
#
# A status line that the user had before is in statusline.command: it is run with the same input, and what it prints
# stands behind ours. It is not run more often than every three seconds, because Claude Code asks every second, and
# one that takes long is shown when it is ready. That needs programs; what follows holds for our own line.
#
# The same bounds as capture.sh: no program is started, a second at most, nothing on stderr, exit status 0.
#
#   POLARIS_HOME (~/.polaris), POLARIS_PORT (else the port in daemon.json; without either nobody is asked)
exec 2>/dev/null
their_path=$PATH their_locale=$LC_ALL
LC_ALL=C
PATH=/usr/bin:/bin
umask 077
trap '' PIPE
home=${POLARIS_HOME:-$HOME/.polaris}
port=$POLARIS_PORT
session= token= line= theirs= first= command=
[[ -f $home/statusline.command ]] && IFS= read -r -d '' command <"$home/statusline.command"
[[ ! $port || $port == *[!0-9]* || $port == 0 ]] && {
  IFS= read -r -d '' line <"$home/daemon.json"
  [[ $line == *'"port":'* ]] && port=${line#*'"port":'} port=${port#"${port%%[0-9]*}"} port=${port%%[!0-9]*}
  ((${#port} && ${#port} < 6)) || port=0
}

ask() {
  trap 'otherwise' ALRM
  if [[ -p /dev/stdin ]]; then
    body=$(</dev/stdin)
  elif ((BASH_VERSINFO[0] > 4)); then
    IFS= read -r -N 1048576 body
  else
    body=$(cat)
  fi
  [[ ${body:0:4096} =~ \"session_id\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9_-][A-Za-z0-9._-]{0,127})\" ]] || otherwise
  session=${BASH_REMATCH[1]}
  echo -E "$session" # so that the script finds what the other command printed
  [[ $command ]] && run_theirs
  IFS= read -r token <"$home/daemon.token"
  [[ $token == *[!A-Za-z0-9._~+/=-]* ]] && token=
  exec 3<>"/dev/tcp/127.0.0.1/$port" || otherwise
  e=$'\r\n'
  echo -nE "GET /status/$session HTTP/1.1${e}Host: 127.0.0.1:$port${e}X-Polaris-Token: $token${e}Connection: close$e$e" >&3
  IFS= read -r line <&3
  [[ $line == HTTP/1.[01]' '200* ]] || otherwise
  while IFS= read -r -u 3 line && [[ $line != $'\r' ]]; do :; done
  # To the end of the connection, or to the second when that does not come.
  IFS= read -r -d '' -t 1 -u 3 answer
  [[ $answer =~ \"line\"[[:space:]]*:[[:space:]]*\"(([^\"\\]|\\.)*)\" ]] || otherwise
  unescape "${BASH_REMATCH[1]}"
  say "$text"
}

# JSON's escapes; what could steer a terminal becomes a blank.
unescape() {
  text=
  local rest=$1 LC_ALL=C.UTF-8 code
  while [[ $rest == *\\* ]]; do
    text+=${rest%%\\*} rest=${rest#*\\}
    case $rest in
      u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]*)
        printf -v code "\\u${rest:1:4}"
        text+=$code rest=${rest:5}
        ;;
      [\"\\/]*) text+=${rest:0:1} rest=${rest:1} ;;
      *) text+=' ' rest=${rest:1} ;;
    esac
  done
  text+=$rest
  text=${text//[[:cntrl:]]/ }
}

otherwise() {
  if [[ $session && -f $home/bound/$session ]]; then say 'polaris: ○ offline'; else say 'polaris: not connected'; fi
}

say() {
  trap '' ALRM
  echo -E "$1"
  exit
}

# Starts the user's own command unless it printed something lately or still runs. The end of our pipe, which it keeps
# open, tells when it is done.
run_theirs() {
  local shown=$home/statusline.shown/$session stamp=0 started=0 now=${EPOCHSECONDS:-$(date +%s)}
  IFS= read -r stamp <"$shown"
  IFS= read -r started <"$shown.runs"
  ((now - stamp < 3 || now - started < 10)) && return
  if [[ ! -f $shown ]]; then
    mkdir -p -m 700 "$home/statusline.shown"
    find "$home/statusline.shown" -type f -mtime +1 -delete
  fi
  echo "$now" >"$shown.runs"
  (
    trap - PIPE ALRM
    printed=$(
      PATH=$their_path
      if [[ $their_locale ]]; then LC_ALL=$their_locale; else unset LC_ALL; fi
      /bin/sh -c "$command" <<<"$body"
    )
    printf '%s\n%s' "$now" "$printed" >"$shown.new"
    mv -f "$shown.new" "$shown"
    rm -f "$shown.runs"
  ) &
}

limit=0.7
((BASH_VERSINFO[0] < 4)) && limit=1
exec 4< <(exec 4<&-; ask)
IFS= read -r -t "$limit" -u 4 line
if (($? > 128)); then
  kill -ALRM $!
  IFS= read -r -t "${limit/7/2}" -u 4 line
  (($? > 128)) && kill -KILL $!
fi
if [[ $line && $line != polaris:* ]]; then
  session=$line line=
  IFS= read -r -t "$limit" -u 4 line
  if (($? > 128)); then
    kill -ALRM $!
    IFS= read -r -t "${limit/7/2}" -u 4 line
    (($? > 128)) && kill -KILL $!
  fi
fi
wait $!
if [[ $command && $session ]]; then
  IFS= read -r -d '' -t 0.5 -u 4 # until theirs is done
  { IFS= read -r first && IFS= read -r -d '' theirs; } <"$home/statusline.shown/$session"
fi
line=${line:-polaris: not connected}
echo -E "$line${theirs:+ │ $theirs}"
exit 0
