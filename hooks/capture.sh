#!/bin/bash -p
# Hands one hook payload (stdin) of a coding agent to the Polaris daemon and prints the daemon's answer.
#
# The agent waits while this runs. So: no program is started, everything ends within a second whatever the daemon does,
# nothing is ever written to stderr, and the exit status is 0. What the daemon did not take is put into the spool
# folder, but only for an agent session that the daemon has marked in bound/.
#
#   capture.sh [AGENT]      AGENT is whose hook this is (claude-code)
#   POLARIS_HOME (~/.polaris), POLARIS_PORT (else the port in daemon.json; without either nobody is asked: anybody could
#   listen on the usual one), POLARIS_HOOK_CURL=1 (post with curl, as where bash has no /dev/tcp)
exec 2>/dev/null
LC_ALL=C # ${#body} counts bytes
PATH=/usr/bin:/bin
umask 077
trap '' PIPE
home=${POLARIS_HOME:-$HOME/.polaris}
now=${EPOCHREALTIME:-$(date +%s).0}
capture=${now/./}-$$-$RANDOM$RANDOM
agent= pid= token= below= length= answer= line=

# What may hang: stdin, connect, write and read. ALRM ends a blocked call, and the handler spools.
work() {
  trap 'rare spool' ALRM
  # As a file where stdin is a pipe (no fork, whole blocks); a socket cannot be opened again.
  if [[ -p /dev/stdin ]]; then
    body=$(</dev/stdin)
  elif ((BASH_VERSINFO[0] > 4)); then
    IFS= read -r -N 16777216 body
  else
    body=$(cat)
  fi
  ((${#body})) || exit
  # Other agents run the hooks of Claude Code's settings too, or have taken them over into their own.
  agent=${1:-claude-code}
  [[ $agent != claude-code || ($CLAUDECODE && ! $CURSOR_VERSION$DEVIN_PROJECT_DIR$CHISEL_SESSION_DB$GEMINI_SESSION_ID) ]] ||
    rare find_agent
  [[ $agent == *[!a-z-]* ]] && agent=claude-code
  # What is started from Claude Code's shell inherits its variables: they are right in its own hooks only.
  [[ $agent == claude-code ]] && pid=$CLAUDE_PID
  [[ $pid && $pid != *[!0-9]* ]] || rare find_pid
  IFS= read -r token <"$home/daemon.token"
  [[ $token == *[!A-Za-z0-9._~+/=-]* ]] && token=
  port=$POLARIS_PORT
  [[ ! $port || $port == *[!0-9]* || $port == 0 ]] && {
    IFS= read -r -d '' line <"$home/daemon.json"
    [[ $line == *'"port":'* ]] && port=${line#*'"port":'} port=${port#"${port%%[0-9]*}"} port=${port%%[!0-9]*}
    ((${#port} && ${#port} < 6)) || port=0
  }
  [[ ! $POLARIS_HOOK_CURL ]] && exec 3<>"/dev/tcp/127.0.0.1/$port" || rare no_connection

  e=$'\r\n'
  # One echo is one write; printf puts out character by character and flushes every line.
  echo -nE "POST /events HTTP/1.1${e}Host: 127.0.0.1:$port${e}Content-Type: application/json${e}Content-Length: ${#body}${e}X-Polaris-Token: $token${e}X-Polaris-Capture: $capture${e}X-Polaris-Agent: $agent${e}X-Polaris-Pid: $pid${e}X-Polaris-At: $now${e}Connection: close$e$e$body" >&3
  IFS= read -r line <&3
  [[ $line == HTTP/1.[01]' '2[0-9][0-9]* ]] || rare spool
  # Taken. 204 is the usual answer: nothing to say.
  [[ $line == *' 204 '* ]] && exit
  trap exit ALRM
  while IFS= read -r -u 3 line && [[ $line != $'\r' ]]; do
    [[ $line == [Cc]ontent-[Ll]ength:* ]] && length=${line#*:} length=${length//[!0-9]/}
  done
  ((${#length} && ${#length} < 6 && length)) || exit
  if ((BASH_VERSINFO[0] > 4)); then IFS= read -r -N "$length" -u 3 answer; else answer=$(head -c "$length" <&3); fi
  ((${#answer} == length)) && say "$answer"
  exit
}

# Only a whole object: whatever else is printed could become a text for the model.
say() { [[ ${1:0:1} == '{' && ${1: -1} == '}' ]] && echo -nE "$1"; }

# Runs a function from below the last `exit`, which bash does not read otherwise: half a millisecond of an event.
rare() {
  if [[ ! $below ]]; then
    below=$(<"${BASH_SOURCE[0]}")
    eval "${below##*$'\n'exit 0$'\n'}"
  fi
  "$1"
}

# The pipe ends when the work is done. What is left of the second after the limit is for the spool.
limit=0.7
((BASH_VERSINFO[0] < 4)) && limit=1
exec 5>&1
exec 4< <(exec 6>&1 1>&5 4<&- 5>&-; work "$@")
read -r -t "$limit" -u 4
if (($? > 128)); then
  kill -ALRM $!
  read -r -t "${limit/7/2}" -u 4
  (($? > 128)) && kill -KILL $!
fi
wait $! # where nobody reaps orphans, it would stay as a zombie
exit 0

# Keeps what was not taken, if the daemon wants it: a first line about the capture, then the payload as it came.
spool() {
  trap '' ALRM
  while [[ ${body: -1} == [[:space:]] ]]; do body=${body%?}; done
  # Half a payload is none.
  [[ $agent && ${body:0:1} == '{' && ${body: -1} == '}' ]] || exit
  local name=session_id
  [[ $agent == cursor ]] && name=conversation_id
  [[ $agent == windsurf ]] && name=trajectory_id
  [[ ${body:0:4096} =~ \"$name\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9_-][A-Za-z0-9._-]{0,127})\" ]] || exit
  [[ -f $home/bound/${BASH_REMATCH[1]} ]] || exit
  [[ -d $home/spool ]] || mkdir -m 700 -- "$home/spool"
  [[ -O $home/spool && ! -L $home/spool ]] || exit
  file=$home/spool/.$capture.tmp
  if printf '{"capture":"%s","agent":"%s","pid":%s,"at":%s}\n%s' "$capture" "$agent" "$pid" "$now" "$body" >"$file"; then
    mv -f -- "$file" "$home/spool/$capture.json"
  else
    rm -f -- "$file"
  fi
  exit
}

# Past the shells between the agent and this script; Linux only, elsewhere the parent.
find_pid() {
  pid=$PPID
  for _ in 1 2 3 4; do
    IFS= read -r line </proc/"$pid"/stat || break
    name=${line#*\(} name=${name%\)*}
    [[ $name == sh || $name == dash || $name == bash || $name == zsh ]] || break
    line=${line##*\) } line=${line#* }
    pid=${line%% *}
  done
}

find_agent() {
  local sign=
  case ${body:0:4096} in
    *'"conversation_id":'* | *'"cursor_version":'*) sign=cursor ;;
    *'"agent_action_name":'*) sign=windsurf ;;
    *'"turn_id":'*) sign=codex ;;
    *'"timestamp":'*) sign=gemini-cli ;;
  esac
  if [[ $DEVIN_PROJECT_DIR || $CHISEL_SESSION_DB ]]; then
    agent=devin
  elif [[ $CLAUDECODE ]]; then
    # One in the shell of the other: whose payload it is tells which is the inner one.
    [[ ($CURSOR_VERSION && $sign == cursor) || ($GEMINI_SESSION_ID && $sign == gemini-cli) ]] && agent=$sign
  elif [[ $CURSOR_VERSION ]]; then
    agent=cursor
  elif [[ $GEMINI_SESSION_ID ]]; then
    agent=gemini-cli
  elif [[ $sign && $sign != gemini-cli ]]; then
    agent=$sign
  fi
}

# Nobody listens, or this bash has no network: then curl, which gets the token in a file, not on its command line.
no_connection() {
  [[ $POLARIS_HOOK_CURL ]] || ! exec 3<>/dev/udp/127.0.0.1/9 || spool
  answer=$(printf '%s' "$body" | curl -q -s --noproxy '*' -m 0.6 -w '\n%{http_code}' --data-binary @- \
    -K <(printf 'header = "%s"\n' "Content-Type: application/json" "X-Polaris-Token: $token" Expect: \
      "X-Polaris-Capture: $capture" "X-Polaris-Agent: $agent" "X-Polaris-Pid: $pid" "X-Polaris-At: $now") \
    "http://127.0.0.1:$port/events")
  [[ ${answer##*$'\n'} == 2[0-9][0-9] ]] || spool
  say "${answer%$'\n'*}"
  exit
}
