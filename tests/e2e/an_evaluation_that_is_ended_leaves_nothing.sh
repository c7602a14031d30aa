#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Ctrl-C, and the death of a rank, in the middle of it: one line, no process, no file.

lenet_job
lks run job.yaml --ranks 1 --run-dir trained --set train.steps=1
must_succeed
worker_works() { pgrep -P "$1" lockstep-worker || pgrep -P "$(pgrep -P "$1" mpirun)" lockstep-worker; }

# start WORD…: on the reference, which takes its time.
start() {
    env "$MARK" "$LOCKSTEP" "$@" --split train --devices reference >run.out 2>run.err &
    run=$!
    within 20 guard_of || fail 'no guard'
    within 20 worker_works "$(guard_of)" || fail 'no rank'
    sleep 1
}
for what in 'evaluate trained' 'evaluate trained --ranks 2' 'predict trained --output x' 'predict trained --output x --ranks 3'; do
    start $what
    kill -INT "$run"
    wait_run
    must_fail 130
    grep -v 'stopping the ranks' err >line || fail 'no line'
    mv line err
    one_line 'lockstep: interrupted'
    nothing_is_left
done
start predict trained --output x --ranks 2
kill -9 "$(worker_works "$(guard_of)" | tail -n 1)"
wait_run
must_fail 1
one_line 'lockstep: error: rank ' 'was killed by signal 9'
nothing_is_left
start evaluate trained
kill -9 "$(worker_works "$(guard_of)")"
wait_run
must_fail 1
one_line 'lockstep: error: rank 0 was killed by signal 9'
nothing_is_left

# A reader that takes its time, a pager on its first page, gets all of it.
lks predict trained --split train
mv out whole
env "$MARK" "$LOCKSTEP" predict trained --split train --ranks 2 2>err | (sleep 13 && cat) >out
cmp out whole || fail 'a slow reader gets something else'
[ ! -s err ] || fail "$(cat err)"
rm whole
nothing_is_left
[ "$(ls)" = "$(printf '%s\n' err job.yaml out trained)" ] || fail "files are left: $(ls)"
