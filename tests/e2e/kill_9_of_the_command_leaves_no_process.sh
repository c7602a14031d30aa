#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The command itself is killed: mpirun and the ranks follow within seconds.

start_long 2
kill -KILL "$run"
wait "$run" 2>/dev/null || true
within 5 no_process || fail "processes are left: $(marked | xargs -r ps -o pid=,stat=,args= -p)"
lks status run
must_fail 1
one_line 'run is not running'
