#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# An mpirun, or what it runs, that prints a line a message for hours: the log has the first and the last of them,
# and the death that it tells of in between.

long_job
with_mpirun 'seq -f "[host] message %.0f of a library that is not content" 1 300000 >&2
echo "mpirun noticed that process rank 1 with PID 7 on node there exited on signal 9 (Killed)." >&2
seq -f "[host] complaint %.0f of a library that is not content" 1 300000 >&2
exit 137'
lks run job.yaml --ranks 2 --run-dir run
must_fail 1
one_line 'rank 1' 'signal 9' 'run/logs/mpirun.log'
size=$(wc -c <run/logs/mpirun.log)
[ "$size" -lt 1048576 ] || fail "the log has $size bytes"
for text in 'message 1 of' 'mpirun noticed' 'lines are left out' 'complaint 300000 of'; do
    says "$text" run/logs/mpirun.log
done
