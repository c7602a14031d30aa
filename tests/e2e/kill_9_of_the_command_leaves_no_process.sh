#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The command itself is killed: mpirun and the ranks follow within seconds.

mkdir tmp
export TMPDIR="$WORK/tmp"
start_long 2
kill -KILL "$run"
wait "$run" 2>/dev/null || true
within 5 no_process || fail "processes are left: $(marked | xargs -r ps -o pid=,stat=,args= -p)"
within 5 [ -s run/result.json ] || fail "the guard has not said how it ended"
lks status run
must_succeed
says 'run: failed'
says 'lockstep run was killed'
[ -z "$(find "$WORK/tmp" -mindepth 1)" ] || fail "left: $(find "$WORK/tmp")"
