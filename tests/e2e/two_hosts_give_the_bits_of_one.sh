#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Two hosts, which here are network namespaces on a bridge of their own: `--host` reaches both, the
# weights are one rank's to the byte, may be on a disk that only the other one has, status names the
# hosts, and a rank killed on the other one ends the run as one at home does.

net=lks$$
remove_hosts() {
    for host in a b; do ip netns del "$net$host" 2>/dev/null || true; done
    ip link del "$net" 2>/dev/null || true
}
trap 'clean_up; remove_hosts' EXIT

make_hosts() {
    ip link add "$net" type bridge && ip link set "$net" up || return 1
    for host in a b; do
        ip netns add "$net$host" &&
            ip link add "$net-$host" type veth peer name eth0 netns "$net$host" &&
            ip link set "$net-$host" master "$net" up &&
            ip -n "$net$host" link set lo up &&
            ip -n "$net$host" link set eth0 up || return 1
    done
    ip -n "${net}a" addr add 10.213.77.1/24 dev eth0
    ip -n "${net}b" addr add 10.213.77.2/24 dev eth0
}

# In place of ssh: agent.sh HOST COMMAND… The folder own/ is a disk of each host's own.
mkdir own
cat >agent.sh <<'EOF'
#!/bin/sh
host=$1
shift
exec ip netns exec "$host" unshare -u -m \
    sh -c "hostname $host; mount -t tmpfs own $(dirname "$0")/own; exec sh -c \"\$1\"" sh "$*"
EOF
chmod +x agent.sh

{ make_hosts && ./agent.sh "${net}b" true; } >/dev/null 2>&1 || {
    echo "skipped: network namespaces take root and iproute2"
    exit 77
}

# run_on_hosts HOSTS ARGS…: `lockstep run` as typed on host a.
run_on_hosts() {
    hosts=$1
    shift
    exec ./agent.sh "${net}a" "cd '$WORK' && exec env '$MARK' '$LOCKSTEP' run job.yaml --host $hosts \
        --ranks 2 $* -- --mca plm_rsh_agent '$WORK/agent.sh' --mca btl_tcp_if_include eth0 --mca oob_tcp_if_include eth0"
}

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
one_line "rank 1 (host ${net}b"
echo "after $(echo "$(seconds) $start" | awk '{ print $1 - $2 }') s: $(cat err)"
echo "$(seconds) $start" | awk '{ exit !($1 - $2 < 10) }' || fail "it took more than 10 s"
nothing_is_left 5
