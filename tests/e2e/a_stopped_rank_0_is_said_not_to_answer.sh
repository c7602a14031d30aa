#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The coordinator is in rank 0: stopped, it cannot answer, and the status says that.

start_long 2
pid=$(pid_of 0)
kill -STOP "$pid"
start=$(seconds)
lks status run
must_fail 1
one_line 'the coordinator in rank 0 does not answer' "process $pid is stopped" \
    "kill -CONT $pid" 'its last reported step is'
echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 5) }' || fail "it took too long to say"
kill -CONT "$pid"
within 5 ask || fail "it does not answer again"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
