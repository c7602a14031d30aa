#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# An operation of NCCL that never ends, one whose link breaks, a start that hangs: each ends the run in one line that says who, which
# operation of which bucket and step, and why; in time; no weights are written, and nothing is left.
. "$E2E/gpu.subr"
export EMULATOR_DEVICES=4
mkdir tmp
export TMPDIR="$WORK/tmp" # the run's folder there has the name of that of its shared memory

# ends SECONDS VARIABLE ARGS… -- TEXT…: the run, with that variable of the double's.
ends() {
    most=$1 variable=$2
    shift 2
    args=
    while [ "$1" != -- ]; do
        args="$args $1"
        shift
    done
    shift
    rm -rf run
    export "$variable"
    start=$(seconds)
    start_run job.yaml --run-dir run --set train.collectives=nccl --set train.steps=1000 --set report.rank_timeout_s=2 $args
    within "$most" folder_is_there || fail "$variable: no folder, and no end"
    within "$most" run_is_over || fail "$variable: it does not end"
    wait_run
    took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
    unset "${variable%%=*}"
    must_fail 1
    one_line "$@"
    echo "$took $most" | awk '{ exit !($1 < $2) }' || fail "$variable: it took $took s"
    [ ! -e run/model.safetensors ] || fail "$variable: weights are written"
    nothing_is_left
    [ -z "$name" ] || [ ! -e "/dev/shm/$name" ] || fail "$variable: left in /dev/shm: $name"
}
folder_is_there() {
    name=$(ls tmp)
    [ -n "$name" ] || run_is_over
}

lenet_job
ranks='--ranks 2 --set train.device=cuda'
replicas='--devices cuda:0,cuda:1'
ends 12 NCCL_EMULATOR_HANG=1:7 $ranks -- 'rank ' 'exchange of bucket 0, step 4 does not come to its end'
says 'exchange of bucket 0, step 4' run/result.json
ends 12 NCCL_EMULATOR_HANG=1:8 $replicas -- 'rank ' 'all-gather of bucket 0, step 4 does not come to its end'
ends 12 NCCL_EMULATOR_HANG=3:8 $ranks --set train.replicas=2 -- 'rank ' 'all-gather of bucket 0, step 4 does not come to its end'
ends 12 NCCL_EMULATOR_HANG=0:3 $ranks --set train.reduction=fast -- 'rank ' 'all-reduce of bucket 0, step 3 does not come to its end'
ends 12 NCCL_EMULATOR_FAIL=1:7 $ranks -- 'rank 1' 'exchange of bucket 0, step 4: NCCL: unhandled system error' 'link is broken'
ends 12 NCCL_EMULATOR_FAIL=0:7 $replicas -- 'rank 0' 'exchange of bucket 0, step 4: NCCL: unhandled system error' 'link is broken'
ends 12 NCCL_EMULATOR_HANG=0:0 $ranks -- 'NCCL on cuda:0 does not find the other replicas within 4 s; train.collectives: mpi goes without it'
ends 12 NCCL_EMULATOR_FAIL=1:0 $ranks -- 'rank 1: NCCL on cuda:' 'does not start: unhandled system error'
