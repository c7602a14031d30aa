#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Two hosts, which here are network namespaces on a bridge of their own: `--host` reaches both, the
# weights are one rank's to the byte, may be on a disk that only the other one has, status names the
# hosts, and a rank killed on the other one ends the run as one at home does.

. "$E2E/hosts.subr"
hosts a b

lenet_job
(run_on_hosts "${net}a:1,${net}b:1" --run-dir run) >run.out 2>run.err &
run=$!
wait_run
must_succeed
nothing_is_left
lks run job.yaml --ranks 1 --run-dir alone
must_succeed
cmp run/model.safetensors alone/model.safetensors || fail "two hosts give other bits"
rm -rf run

(run_on_hosts "${net}b:2" --run-dir own/run) >run.out 2>run.err &
run=$!
wait_run
must_succeed
says 'weights in own/run/model.safetensors on the host of rank 0'
nothing_is_left

long_job
(run_on_hosts "${net}a:1,${net}b:1" --run-dir run) >run.out 2>run.err &
run=$!
within 20 has_begun || fail "the run does not begin: $(cat status.err)"
for host in a b; do says "\"host\": \"$net$host\"" status.json; done
start=$(seconds)
kill -KILL "$(pid_of 1)"
wait_run
must_fail 1
one_line 'rank 1 ' "host ${net}b" ' killed by a signal, perhaps out of memory'
echo "after $(echo "$(seconds) $start" | awk '{ print $1 - $2 }') s: $(cat err)"
echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 4) }' || fail "it took more than 4 s"
nothing_is_left 5

# While it starts, when only mpirun knows of it.
cat >worker <<EOF
#!/bin/sh
[ "\$OMPI_COMM_WORLD_RANK" != 1 ] || kill -SEGV \$\$
exec "$(dirname "$LOCKSTEP")/lockstep-worker" "\$@"
EOF
chmod +x worker
export LOCKSTEP_WORKER="$WORK/worker"
rm -rf run
start=$(seconds)
(run_on_hosts "${net}a:1,${net}b:1" --run-dir run) >run.out 2>run.err &
run=$!
wait_run
must_fail 1
one_line 'rank 1 was killed by a signal'
echo "after $(echo "$(seconds) $start" | awk '{ print $1 - $2 }') s: $(cat err)"
echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 4) }' || fail "it took more than 4 s"
nothing_is_left 5
