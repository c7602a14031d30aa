#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Before there is a coordinator the command itself watches: an mpirun that starts nothing, one that has said
# the end and stays, or that a rank has died, a rank that stops before MPI is up. Each is over within 30 s, with its cause.

# hangs TEXT…: the run of job.yaml on 3 ranks ends so.
hangs() {
    start=$(seconds)
    lks run job.yaml --ranks 3 --run-dir run
    took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
    must_fail 1
    one_line 'lockstep: error: ' "$@"
    echo "after $took s: $(cat err)"
    echo "$took" | awk '{ exit !($1 < 30) }' || fail "it took $took s"
    nothing_is_left
    rm -rf run
}
lenet_job
with_mpirun 'exec sleep 300'
hangs 'no rank has begun 2' ' s after the start'
with_mpirun '{ echo "  Process name: [[1,1],1]"; echo "  Exit code:    3"; } >&2
             exec sleep 300'
hangs 'rank 1 ended with exit status 3'
with_mpirun '{ echo "lockstep: sign 0/3 1 4711 vm"
               echo "[vm:1] [[9,0],0] ACTIVATE PROC [[9,1],0] STATE ABORTED BY SIGNAL AT odls_base_default_fns.c:1746"; } >&2
             exec sleep 300'
hangs 'rank 0 on host vm was killed by a signal while joining MPI'
with_mpirun '{ echo "lockstep: sign 0/3 1 4711 vm"
               echo "[vm:04711] Signal: Segmentation fault (11)"; } >&2
             exec sleep 300'
hangs 'rank 0 on host vm was killed by signal 11 (Segmentation fault)'
unset LOCKSTEP_MPIRUN
long_job # mpirun wakes what is stopped before it ends it
cat >worker <<EOF
#!/bin/sh
[ "\$OMPI_COMM_WORLD_RANK" != 1 ] || kill -STOP \$\$
exec "$(dirname "$LOCKSTEP")/lockstep-worker" "\$@"
EOF
chmod +x worker
export LOCKSTEP_WORKER="$WORK/worker"
hangs 'rank 1 has not begun 2' 's after the start; process ' ' of the run is stopped'
