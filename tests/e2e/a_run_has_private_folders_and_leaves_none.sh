#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Open MPI's files and its shared memory are in folders of the run's own, which nobody can have made before,
# and which go with the run: at its end, after kill -9 of mpirun, after Ctrl-C twice.

mkdir tmp
export TMPDIR="$WORK/tmp"
mode() { stat -c %a "$1"; }
nothing_stays() {
    [ -z "$(ls tmp)" ] || fail "$1: left: $(find tmp)"
    [ ! -e "/dev/shm/$name" ] || fail "$1: left: $(find "/dev/shm/$name")"
    nothing_is_left
    rm -rf run
}
begin() {
    start_long 2
    name=$(basename "$(ls -d tmp/lockstep-*)")
    [ "$(mode "tmp/$name") $(mode "/dev/shm/$name")" = '700 700' ] || fail "others may look into the folders"
    [ "$(ls "/dev/shm/$name" | wc -l)" -eq 2 ] || fail "two ranks' memory is not there: $(ls "/dev/shm/$name")"
    [ -n "$(ls "tmp/$name")" ] || fail "Open MPI's files are not there"
}
begin
kill -9 "$(mpirun_of)"
wait_run
must_fail 1
one_line 'lockstep: error: mpirun was killed by signal 9 (Killed)'
nothing_stays 'kill -9 of mpirun'

begin
kill -INT "$run"
sleep 0.1
kill -INT "$run"
wait_run
must_fail 130
nothing_stays 'Ctrl-C twice'

# The place of Open MPI's usual folder is taken.
name=none
lenet_job
touch "tmp/ompi.$(hostname).$(id -u)"
lks run job.yaml --ranks 2 --run-dir run --set train.steps=1
must_succeed
rm tmp/ompi.*
nothing_stays 'a run'

: >file
TMPDIR="$WORK/file"
lks run job.yaml --ranks 2 --run-dir run
must_fail 1
one_line 'lockstep: error: ' "$WORK/file" 'Not a directory'
[ ! -e run ] || fail "an empty run is left"
