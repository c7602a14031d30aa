#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# mpirun's slots are cores, our default is a rank on each thread of one. Here mpirun is shown
# a single core that has all the threads.

[ "$(nproc)" -gt 1 ] || exit 77
lenet_job
HWLOC_SYNTHETIC="pack:1 core:1 pu:$(nproc)"
export HWLOC_SYNTHETIC
if env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun -n 2 true 2>refusal; then
    fail "mpirun gives two slots to one core: this shows nothing"
fi
lks run job.yaml --set train.steps=3 --set "train.lanes=$(nproc)" --run-dir run
must_succeed
says "on $(nproc) ranks"
nothing_is_left
