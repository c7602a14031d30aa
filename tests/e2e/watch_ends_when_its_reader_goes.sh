#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# As any command in a pipe does; and what cannot be written is an error.

start_long 2
{ timeout 10 env "$MARK" "$LOCKSTEP" watch run 2>err || echo $? >ended; } | head -n 1 >out
says 'running: step'
[ "$(cat ended)" -ne 124 ] || fail "it watches on"
for command in 'status run' 'status run --json' 'watch run' 'check job.yaml'; do
    status=0
    timeout 10 env "$MARK" "$LOCKSTEP" $command >/dev/full 2>err || status=$?
    must_fail 1
    one_line 'cannot write to standard output'
done
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
