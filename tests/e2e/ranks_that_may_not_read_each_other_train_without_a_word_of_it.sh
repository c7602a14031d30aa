#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Where process_vm_readv is forbidden Open MPI would print a line for each larger message, into the log,
# without bound. It is told not to try: the same bits, and nothing in the log.

lenet_job
status=0
"$E2E_TOOLS/e2e_no_cma" true || status=$?
[ "$status" -ne 77 ] || { echo "skipped: no seccomp filter can be set here"; exit 77; }
must_succeed
lks run job.yaml --ranks 2 --run-dir allowed
must_succeed
status=0
env "$MARK" "$E2E_TOOLS/e2e_no_cma" "$LOCKSTEP" run job.yaml --ranks 2 --run-dir run >out 2>err || status=$?
must_succeed
cmp run/model.safetensors allowed/model.safetensors || fail "other bits"
[ ! -s run/logs/mpirun.log ] || fail "the log has $(wc -l <run/logs/mpirun.log) lines: $(head -1 run/logs/mpirun.log)"
nothing_is_left
