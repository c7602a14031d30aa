#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Runs on one GPU, recorded and plain, and on ranks and replicas with one each; the emulated one's streams at once, and late in
# any legal order: the weights and losses of one CPU, and one wait of the host a step, but
# where messages go through its memory. LeNet with dropout and momentum, an MLP with Adam, and a residual net with batch norm, 8 lanes.
. "$E2E/gpu.subr"
export EMULATOR_DEVICES=4

# same NAME ARGS…: as the job's first run.
same() {
    name=$1
    shift
    rm -rf run
    lks run job.yaml --run-dir run "$@"
    must_succeed
    grep -o '"loss": *[^,}]*' run/metrics.jsonl >losses
    [ "$(wc -l <losses)" -eq "$steps" ] || fail "$name reports no $steps losses"
    sha256sum <run/model.safetensors >weights
    if [ -f want-weights ]; then
        cmp weights want-weights || fail "other weights: $name"
        cmp losses want-losses || fail "other losses: $name"
        head -n 1 run/job.yaml | grep -q cuda || fail "$name did not run on a GPU"
        grep -h 'the last step took' run/logs/* >steps || fail "$name does not tell of its steps"
        case $name in *mpi) : >steps ;; esac # whose messages go by way of the host
        ! grep -v ' 1 wait,' steps || fail "$name waits for the GPU more than once a step"
    else
        mv weights want-weights
        mv losses want-losses
    fi
}

everywhere() {
    rm -f want-weights want-losses
    same 'a CPU' --devices cpu:0
    same 'a GPU' --devices cuda:0
    LKS_RECORDINGS=0 same 'a GPU without recordings' --devices cuda:0
    for collectives in nccl mpi; do
        more="--set train.collectives=$collectives"
        same "2 ranks, $collectives" --ranks 2 --set train.device=cuda $more
        same "3 ranks, $collectives" --ranks 3 --set train.device=cuda $more
    done
    for seed in 1 2 3; do
        export EMULATOR_LATE=1 EMULATOR_SEED=$seed
        same "a GPU, late $seed" --devices cuda:0
        same "2 replicas, late $seed" --devices cuda:0,cuda:1
        same "2 ranks of 2 replicas, late $seed" --ranks 2 --set train.device=cuda --set train.replicas=2
        unset EMULATOR_LATE EMULATOR_SEED
    done
}

# the_job STEPS BATCH
the_job() {
    steps=$1
    sed -i "s/^train:.*/train: {steps: $steps, batch_size: $2, lanes: 8, threads_per_rank: 1}/" job.yaml
}

lenet_job
the_job 5 24
everywhere
sed -i '/conv2d/,/flatten/d; s/^model:/model:\n  - flatten\n  - linear: {out_features: 32}\n  - tanh/
        s/^optimizer.*/optimizer: {adam: {lr: 0.001}}/' job.yaml
the_job 5 24
everywhere

# Epochs end within: steps are of two sizes.
rm -f want-weights want-losses
the_job 9 3000
same 'a CPU, 9 steps' --devices cpu:0
same 'a GPU, 9 steps' --devices cuda:0

# With batch norm, whose statistics a step updates behind its recording.
rm -f want-weights want-losses
residual_job
the_job 5 24
same 'a CPU' --devices cpu:0
same 'a GPU' --devices cuda:0
LKS_RECORDINGS=0 same 'a GPU without recordings' --devices cuda:0
same '3 ranks, nccl' --ranks 3 --set train.device=cuda --set train.collectives=nccl
export EMULATOR_LATE=1
same '2 ranks of 2 replicas, late' --ranks 2 --set train.device=cuda --set train.replicas=2
unset EMULATOR_LATE
