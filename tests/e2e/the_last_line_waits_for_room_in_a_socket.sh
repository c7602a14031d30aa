#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# As of a service whose log is read slowly. A socket cannot be opened anew, as a pipe can, so that it is
# written without waiting.

# behind_a_socket SCRIPT: a run whose mpirun does SCRIPT when the socket is full.
behind_a_socket() {
    with_mpirun "while [ ! -e full ]; do sleep 0.05; done; $1"
    status=0
    env "$MARK" "$E2E_TOOLS/e2e_full_socket" "$LOCKSTEP" run job.yaml --ranks 2 --run-dir run >out || status=$?
    nothing_is_left
    rm -rf run full
}
lenet_job
behind_a_socket 'echo weights >$dir/model.safetensors'
must_succeed
says 'lockstep: finished in'
behind_a_socket 'echo "lockstep: error: rank 1: the disk is gone" >&2; exit 1'
must_fail 1
says 'lockstep: error: rank 1: the disk is gone'
