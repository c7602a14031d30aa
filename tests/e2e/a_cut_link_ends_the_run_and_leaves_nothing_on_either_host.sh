#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Two hosts, which here are network namespaces: when the link between them is cut, the run is over in seconds, names the
# host, and the ranks of the other one leave by themselves, with mpirun's daemon, though that still has something to send.

. "$E2E/hosts.subr"
hosts a b

cat >worker <<EOF
#!/bin/sh
while kill -0 \$\$ 2>/dev/null; do echo chatter; sleep 0.1; done >&2 &
exec "$(dirname "$LOCKSTEP")/lockstep-worker" "\$@"
EOF
chmod +x worker
export LOCKSTEP_WORKER="$WORK/worker"
long_job
(run_on_hosts "${net}a:1,${net}b:1" --run-dir run --set report.rank_timeout_s=3) >run.out 2>run.err &
run=$!
within 20 has_begun || fail "the run does not begin: $(cat status.err)"
start=$(seconds)
ip link set "$net-b" down
wait_run
must_fail 1
one_line "host ${net}b" lost
took=$(echo "$(seconds) $start" | awk '{ print $1 - $2 }')
echo "after $took s: $(cat err)"
echo "$took" | awk '{ exit !($1 < 6) }' || fail "it took $took s"
nothing_is_left 30
