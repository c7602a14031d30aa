#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A run on each table of the CPU, on the reference and on the hostile device (tests/deferred), on ranks and
# replicas: the same weights and losses. LeNet with dropout and momentum, and an MLP with Adam; 30 steps, 8 lanes.

# same NAME ARGS…: as the job's first run.
same() {
    name=$1
    shift
    rm -rf run
    lks run job.yaml --run-dir run --set train.steps=30 "$@"
    must_succeed
    grep -o '"loss": *[^,}]*' run/metrics.jsonl >losses
    [ "$(wc -l <losses)" -eq 30 ] || fail "$name reports no 30 losses"
    sha256sum <run/model.safetensors >weights
    if [ -f want-weights ]; then
        cmp weights want-weights || fail "other weights: $name"
        cmp losses want-losses || fail "other losses: $name"
    else
        mv weights want-weights
        mv losses want-losses
    fi
}

everywhere() {
    rm -f want-weights want-losses
    same 'one rank' --ranks 1
    for isa in avx512f avx2 neon reference; do # those that the machine lacks are its best
        export LKS_CPU_ISA=$isa
        same "$isa" --ranks 2
        head -n 1 run/job.yaml | grep -q " cpu (" || fail "the run does not say what CPU it had"
    done
    head -n 1 run/job.yaml | grep -q "cpu (reference)" || fail 'LKS_CPU_ISA chooses nothing'
    unset LKS_CPU_ISA
    same 'the reference' --set train.device=reference --ranks 2
    head -n 1 run/job.yaml | grep -q ", reference$" || fail 'the reference is not what ran'
    same 'three replicas of the reference' --devices reference:0,reference:1,reference:2
    export LOCKSTEP_WORKER="$E2E_TOOLS/../deferred/lockstep-worker-deferred"
    for LKS_TEST_SEED in 1 2 3; do
        export LKS_TEST_SEED
        same "deferred, seed $LKS_TEST_SEED" --devices deferred
        head -n 1 run/job.yaml | grep -q ", deferred$" || fail 'the hostile device is not what ran'
        same "two replicas of deferred, seed $LKS_TEST_SEED" --devices deferred:0,deferred:1
        same "two ranks of them, seed $LKS_TEST_SEED" --devices deferred:0,deferred:1 --ranks 2
    done
    unset LOCKSTEP_WORKER LKS_TEST_SEED
}

lenet_job
everywhere
sed -i '/conv2d/,/flatten/d; s/^model:/model:\n  - flatten\n  - linear: {out_features: 64}\n  - tanh/
        s/^optimizer.*/optimizer: {adam: {lr: 0.001}}/' job.yaml
everywhere
