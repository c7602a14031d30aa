#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Its ranks meet in shared memory, the coordinator's port is on loopback. (mpirun of Open MPI 4.1 cannot be told so.)

start_long 2
for rank in 0 1; do
    pid=$(pid_of $rank)
    ss -tlnpH | grep "pid=$pid," >>sockets || true
done
grep -q '127\.0\.0\.1:' sockets || fail "the coordinator does not listen: this shows nothing"
! grep -v '127\.0\.0\.1:' sockets || fail "ranks listen to the network"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
