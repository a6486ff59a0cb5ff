#!/bin/bash -p
# Claude Code's status line: asks the Polaris daemon about the session that is named on stdin and prints one line.
#
#   polaris: pj/fxm (user:manu) ● connected      the daemon's own words
#   polaris: not connected                       the session is in no project, or the daemon does not run
#   polaris: ○ offline                           it is in one, but the daemon cannot be asked
#
# The same bounds as capture.sh: no program is started, a second at most, nothing on stderr, exit status 0.
#
#   POLARIS_HOME (~/.polaris), POLARIS_PORT (else the port in daemon.json, else 4321)
exec 2>/dev/null
LC_ALL=C
PATH=/usr/bin:/bin
trap '' PIPE
home=${POLARIS_HOME:-$HOME/.polaris}
port=$POLARIS_PORT
session= token= line=
[[ ! $port || $port == *[!0-9]* || $port == 0 ]] && {
  IFS= read -r -d '' line <"$home/daemon.json"
  [[ $line == *'"port":'* ]] && port=${line#*'"port":'} port=${port#"${port%%[0-9]*}"} port=${port%%[!0-9]*}
  ((${#port} && ${#port} < 6)) || port=4321
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

limit=0.7
((BASH_VERSINFO[0] < 4)) && limit=1
exec 4< <(exec 4<&-; ask)
IFS= read -r -t "$limit" -u 4 line
if (($? > 128)); then
  kill -ALRM $!
  IFS= read -r -t "${limit/7/2}" -u 4 line
  (($? > 128)) && kill -KILL $!
fi
echo -E "${line:-polaris: not connected}"
wait $!
exit 0
