#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# mpirun stopped and then kill -9 of the command: the guard ends all. The guard stopped too: the ranks end by
# themselves. What lay in the temporary folder and in shared memory goes with them, or with the next run.

mkdir tmp
export TMPDIR="$WORK/tmp"

start_long 2
kill -STOP "$(mpirun_of)"
kill -9 "$run"
wait "$run" 2>/dev/null || true
within 5 no_process || fail "processes are left"
[ -z "$(ls tmp)" ] || fail "left: $(find tmp)"
says 'command_killed' run/result.json
rm -rf run

start_long 2
ranks="$(pid_of 0) $(pid_of 1)"
guard=$(guard_of)
mpirun=$(mpirun_of)
name=$(basename "$(ls -d tmp/lockstep-*)")
[ -d "/dev/shm/$name" ] || fail "the ranks' shared memory is elsewhere"
kill -STOP "$guard" "$mpirun" "$run"
# gone: each of the ranks; a dead one waits for its stopped parent
gone() { for rank in $ranks; do case $(cut -d' ' -f3 "/proc/$rank/stat" 2>/dev/null) in Z | '') ;; *) return 1 ;; esac; done; }
within 20 gone || fail "the ranks go on"
[ ! -e run/status.sock ] || fail "the socket is left"
kill -9 "$run" "$guard" "$mpirun"
wait "$run" 2>/dev/null || true
within 5 no_process || fail "processes are left"
[ -d "tmp/$name" ] || fail "nothing is left: this shows nothing"
rm -rf run

# All at once, as a power cut: the next start tidies the run's directory as well.
start_long 2
kill -9 "$run" "$(guard_of)" "$(mpirun_of)" "$(pid_of 0)" "$(pid_of 1)"
wait "$run" 2>/dev/null || true
within 5 no_process || fail "processes are left"
[ -S run/status.sock ] || fail "nothing is left: this shows nothing"
touch run/model.safetensors.tmp-99999999-0
lenet_job
lks run job.yaml --ranks 2 --run-dir next --set train.steps=1
must_succeed
[ ! -e run/status.sock ] || fail "the socket is left"
[ ! -e run/model.safetensors.tmp-99999999-0 ] || fail "half a file is left"
[ -z "$(ls tmp)" ] || fail "left: $(find tmp)"
[ ! -e "/dev/shm/$name" ] || fail "left: $(find "/dev/shm/$name")"
