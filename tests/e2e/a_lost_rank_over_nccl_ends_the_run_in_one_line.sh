#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# SIGKILL and SIGSTOP a rank of three that meet over NCCL: the others wait for it on their GPUs, and the run ends as over MPI.
. "$E2E/gpu.subr"
export EMULATOR_DEVICES=4

# start_on_gpus: a run in run/ that has begun.
start_on_gpus() {
    rm -rf run
    long_job
    sed -i 's/^report: .*/report: {every_steps: 20, rank_timeout_s: 4}/' job.yaml
    start_run job.yaml --ranks 3 --run-dir run --set train.device=cuda --set train.collectives=nccl
    within 30 has_begun || fail "the run does not begin: $(cat status.err)"
}
took() { echo "$(seconds) $start" | awk '{ print $1 - $2 }'; }

for rank in 0 1; do
    start_on_gpus
    start=$(seconds)
    kill -KILL "$(pid_of $rank)"
    wait_run
    took=$(took)
    must_fail 1
    echo "$took" | awk '{ exit !($1 < 4) }' || fail "it took $took s"
    one_line "rank $rank" 'killed by signal 9'
    nothing_is_left
done

start_on_gpus
pid=$(pid_of 1)
start=$(seconds)
kill -STOP "$pid"
wait_run
took=$(took)
must_fail 1
echo "$took" | awk '{ exit !($1 > 3 && $1 < 12) }' || fail "it took $took s"
one_line 'rank 1' "pid $pid" 'was lost at step' 'it has been silent for 4 s'
nothing_is_left
