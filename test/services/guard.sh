#!/bin/sh
# Runs a server for a test: guard.sh FOLDER COMMAND…
#
# Says the server's process id, and ends with it. Standard input is a pipe that the test holds: once it ends,
# as it does however the test's process dies, the server is killed and its folder removed.
folder=$1
shift
exec 3<&0
: >"$folder/log"
"$@" </dev/null >>"$folder/log" 2>&1 3<&- &
server=$!
echo "$server"
exec >/dev/null 2>&1
(
  trap '' INT TERM HUP
  cat <&3
  : >"$folder/ending"
  # SIGQUIT ends PostgreSQL with all its processes; the other servers are one process.
  kill -QUIT "$server"
  turns=50
  while kill -0 "$server" && [ "$turns" -gt 0 ]; do
    sleep 0.1
    turns=$((turns - 1))
  done
  kill -KILL "$server"
  rm -rf "$folder"
) &
watcher=$!
trap '' INT TERM HUP
wait "$server"
[ -e "$folder/ending" ] || kill -KILL "$watcher"
