#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Its ranks meet in shared memory, the coordinator's port and mpirun's are on loopback.

start_long 2
mpirun=$(mpirun_of)
for pid in $(pid_of 0) $(pid_of 1) $mpirun; do
    ss -tlnpH | grep "pid=$pid," >>sockets || true
done
grep -q "127\.0\.0\.1:.*pid=$(pid_of 0)" sockets || fail "the coordinator does not listen: this shows nothing"
grep -q "127\.0\.0\.1:.*pid=$mpirun" sockets || fail "mpirun does not listen: this shows nothing"
! grep -vE '(127\.0\.0\.1|\[::1\]):' sockets || fail "they listen to the network"
kill -INT "$run"
wait_run
must_fail 130
nothing_is_left
