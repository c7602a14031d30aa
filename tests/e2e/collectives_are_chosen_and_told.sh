#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# train.collectives: NCCL where it is there, MPI where it is not, with a warning; what cannot be is refused in one line. The weights are
# the same, and job.yaml says what it was.
. "$E2E/gpu.subr"
export EMULATOR_DEVICES=4

# runs WHAT ARGS…: and meets over that.
runs() {
    what=$1
    shift
    rm -rf run
    lks run job.yaml --run-dir run --set train.steps=3 "$@"
    must_succeed
    says "collectives: $what" run/job.yaml
    [ -e want ] || cp run/model.safetensors want
    cmp want run/model.safetensors || fail "other weights: $*"
}

lenet_job
runs mpi --ranks 2 --set train.device=cpu
gpus='--ranks 2 --set train.device=cuda'
runs nccl $gpus
runs nccl $gpus --set train.collectives=nccl
runs mpi $gpus --set train.collectives=mpi
runs mpi --devices cuda:0
runs nccl --devices cuda:0 --set train.collectives=nccl
[ ! -s err ] || fail "a warning for nothing"

export NCCL_EMULATOR_VERSION=2804
runs mpi $gpus
says 'too old' err
says "gradients go through the host's memory" err
rm -rf run
lks run job.yaml --run-dir run $gpus --set train.collectives=nccl
must_fail 1
one_line 'libnccl.so.2 is version 2804, too old: install libnccl2 of 2.14 or later'
unset NCCL_EMULATOR_VERSION
lks run job.yaml --run-dir run --set train.device=cpu --set train.collectives=nccl
must_fail 2
one_line 'train.collectives is nccl, which is between GPUs, but the device is cpu:0'
