#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Each loss that a job can name trains a small net and evaluates it, on one rank as on two; what its model gives and its targets are fit.

# 256 samples of 8 bytes, classes 0 to 3, and values of 3 numbers: 0.25 or 0.5
seq 1000 2023 | tr -d '\n' | head -c 2048 | npy x.npy '|u1' '(256, 8)'
i=0
while [ $i -lt 64 ]; do
    printf '\0\1\2\3'
    i=$((i + 1))
done | npy classes.npy '|u1' '(256,)'
i=0
while [ $i -lt 128 ]; do
    printf '\0\0\200\76\0\0\0\77\0\0\200\76\0\0\0\77\0\0\0\77\0\0\200\76'
    i=$((i + 1))
done | npy values.npy '<f4' '(256, 3)'

# trains LR LOSS TARGETS N [LAYER…]: a net of N outputs, with these layers behind it
trains() {
    lr=$1
    loss=$2
    shift
    {
        echo "job: small"
        echo "data: {format: npy, train: {inputs: x.npy, targets: $2.npy}, test: {inputs: x.npy, targets: $2.npy}}"
        echo "model:"
        echo "  - linear: {out_features: 6}"
        echo "  - tanh"
        echo "  - linear: {out_features: $3}"
        shift 3
        for layer; do
            echo "  - $layer"
        done
        echo "loss: $loss"
        echo "optimizer: {sgd: {lr: $lr}}"
        echo "train: {epochs: 4, batch_size: 32, lanes: 4, threads_per_rank: 1}"
        echo "report: {every_steps: 1}"
    } >job.yaml
    n=$((n + 1))
    for ranks in 1 2; do
        lks run job.yaml --ranks $ranks --run-dir run-$n-$ranks
        must_succeed
        grep -o '"loss": *[^,}]*' run-$n-$ranks/metrics.jsonl >losses-$ranks
    done
    cmp run-$n-1/model.safetensors run-$n-2/model.safetensors || fail "$loss: other weights on 2 ranks"
    cmp losses-1 losses-2 || fail "$loss: other losses on 2 ranks"
    grep '"split"' run-$n-1/metrics.jsonl | grep -o '"loss": *[^,}]*' | sed 's/.*: *//' >tests
    [ "$(wc -l <tests)" -eq 4 ] || fail "$loss has no 4 evaluations"
    awk 'NR == 1 { first = $1 } END { exit !($1 < first) }' tests || fail "$loss: the test loss does not fall: $(tr '\n' ' ' <tests)"
}
n=0
trains 0.05 cross_entropy classes 4
trains 0.05 '{type: cross_entropy, weight: [1, 2, 0.5, 1], ignore_index: 2, label_smoothing: 0.1}' classes 4
trains 0.05 '{nll_loss: {weight: [1, 2, 0.5, 1]}}' classes 4 log_softmax
trains 0.05 mse_loss values 3
trains 0.001 '{mse_loss: {reduction: sum}}' values 3
trains 0.05 l1_loss values 3
trains 0.05 '{smooth_l1_loss: {beta: 0.1}}' values 3
trains 0.05 '{huber_loss: {delta: 0.1}}' values 3
trains 0.05 binary_cross_entropy values 3 sigmoid
trains 0.05 '{binary_cross_entropy_with_logits: {pos_weight: [1, 2, 3]}}' values 3
trains 0.05 '{kl_div: {reduction: batchmean}}' values 3 log_softmax
trains 0.05 '{gaussian_nll_loss: {full: true, log_var: true}}' values 6

lks check job.yaml --set model.2.linear.out_features=3
must_fail 2
one_line 'gaussian_nll_loss wants a model that gives (6,), the means and behind them their variances; this one gives (3,)'
lks check job.yaml --set 'loss={type: l1_loss, ignore_index: -1}'
must_fail 2
one_line "l1_loss has no option 'ignore_index'; it has reduction"
