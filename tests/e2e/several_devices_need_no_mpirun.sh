#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# `lockstep run --devices` on one host trains in one process, which is what the thread sanitizer can judge.

lenet_job
evaluated='data.test={images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}'
LOCKSTEP_MPIRUN=/nonexistent lks run job.yaml --devices cpu:0,cpu:1 --run-dir run --set train.steps=30 \
    --set "$evaluated"
must_succeed
says 'on 1 rank with devices cpu:0,cpu:1, run directory run'
grep -q '"accuracy"' run/metrics.jsonl || fail 'it did not evaluate'
grep -q '^# lockstep .*cpu:0 cpu:1' run/job.yaml || fail 'job.yaml does not say on which devices'
for line in 'replicas: 2' 'device: cpu' 'numerics: exact'; do
    grep -qx "  $line" run/job.yaml || fail "job.yaml does not say $line"
done
[ "$(ls run/logs)" = "$(printf 'mpirun.log\nrank-0.log')" ] || [ "$(ls run/logs)" = rank-0.log ] || fail 'other logs'
nothing_is_left

# The job can say so, and what a run wrote trains again; `all` is one for each core.
lks run run/job.yaml --run-dir again --set "$evaluated"
must_succeed
says 'on 1 rank with 2 replicas, run directory again'
cmp run/model.safetensors again/model.safetensors || fail 'other weights from its own job.yaml'
[ "$(nproc)" -gt 8 ] || {
    LOCKSTEP_MPIRUN=/nonexistent lks run job.yaml --devices all --run-dir all --set train.steps=3
    must_succeed
    grep -qx "  replicas: $(nproc)" all/job.yaml || fail "all is not one a core"
}
# More of them than cores: what helps where there is no mpirun.
n=$(($(nproc) + 1))
[ "$n" -gt 8 ] || {
    lks run job.yaml --devices "cpu:0$(seq -s '' -f ',cpu:%g' 1 $((n - 1)))" --run-dir more --set train.steps=3
    must_succeed
    grep -q "may use $((n - 1)) cores but has $n threads: give fewer devices, raise its CPU quota, or set" err ||
        fail "it does not warn: $(cat err)"
}
# Of its own or a job's, one rank without devices is mpirun's, as are arguments for it.
LOCKSTEP_MPIRUN=/nonexistent lks run job.yaml --devices cpu:0,cpu:1 --run-dir with -- --mca a b
[ "$status" -ne 0 ] || fail 'it ran without mpirun, for which there are arguments'

# The reduction that gives the bits up.
lks run job.yaml --devices cpu:0,cpu:1,cpu:2 --run-dir fast --set train.reduction=fast
must_succeed
