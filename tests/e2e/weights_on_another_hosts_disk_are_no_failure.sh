#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Without a file system that the hosts share, they are where rank 0 was. On one host they must be here.

with_mpirun 'exit 0'
lenet_job
lks run job.yaml --host node1:2,node2:2 --run-dir run
must_succeed
[ ! -s err ] || fail "it says something on standard error"
says 'weights in run/model.safetensors on the host of rank 0'
rm -rf run
lks run job.yaml --ranks 2 --run-dir run
must_fail 1
one_line 'lockstep: error: the ranks have ended well, but run/model.safetensors is not there'
