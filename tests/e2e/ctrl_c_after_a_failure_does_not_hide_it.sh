#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# It has failed, and waits only for whoever reads its output: a pager on its first page.

with_mpirun 'touch began; seq 20000; exit 3'
lenet_job
mkfifo pipe
exec 3<>pipe
env "$MARK" "$LOCKSTEP" run job.yaml --ranks 2 --run-dir run >pipe 2>run.err &
run=$!
: >run.out
mpirun_is_gone() { [ -e began ] && ! pgrep -P "$run" >/dev/null; }
within 20 mpirun_is_gone || fail "mpirun does not end"
kill -INT "$run"
wait_run
must_fail 1
[ "$(tail -n 1 err)" = 'lockstep: error: mpirun ended with exit status 3 and without a word' ] ||
    fail "the last line is another"
nothing_is_left
