#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# One rank stopped, another killed: still nothing is left.

start_long 3
pid_1=$(pid_of 1)
pid_2=$(pid_of 2)
kill -STOP "$pid_1"
kill -KILL "$pid_2"
start=$(seconds)
wait_run
must_fail 1
echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 10) }' || fail "it took too long"
one_line 'rank 2'
nothing_is_left
