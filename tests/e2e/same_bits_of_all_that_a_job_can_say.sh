#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Batch norm, dropout, a residual sum, a weighted loss that ignores targets, adamw with two groups, a warm-up before another schedule, clipped
# gradients and three steps an update: weights, statistics, losses and the evaluation are the same bytes on 1, 2, 3, 4, 5 and 8 ranks and on 2 ranks
# of 2 replicas.

residual_job
sed -i -e '/^optimizer/d' -e 's/^loss:.*/loss: {cross_entropy: {weight: [1, 2, 0.5, 1, 1, 3, 1, 1, 0.25, 1], ignore_index: 7, label_smoothing: 0.1}}/' \
    -e "s/^  normalize/  test: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}\n  normalize/" \
    -e 's/^  - batch_norm1d/&\n  - dropout: {p: 0.2}/' job.yaml
cat >>job.yaml <<EOF
optimizer: {adamw: {lr: 0.01, groups: [{params: ["*.bias", "1.*"], weight_decay: 0, lr: 0.02}]}}
schedule: [linear_lr: {start_factor: 0.1, total_iters: 2, until: 2, every: step}, cosine_annealing_lr: {T_max: 6}]
EOF

train() {
    lks run job.yaml --run-dir "$@" --set train.steps=20 --set train.batch_size=60 --set train.accumulate=3 \
        --set train.clip_grad_norm=1.5 --set train.clip_grad_value=0.1
    must_succeed
    sed 's/"samples_per_s.*//; s/"time".*//' "$1/metrics.jsonl" >"$1/metrics"
    [ "$(wc -l <"$1/metrics")" -eq 21 ] || fail "$1 reports no 20 losses and an evaluation"
    cmp one/model.safetensors "$1/model.safetensors" || fail "other weights or statistics in $1"
    cmp one/metrics "$1/metrics" || fail "other losses in $1"
}
train one
for ranks in 2 3 4 5 8; do
    train "ranks-$ranks" --ranks "$ranks"
done
train replicas --ranks 2 --set train.replicas=2

# 6 updates: two of warm-up, from a tenth of the rate, then along the cosine.
grep -o '"lr": *[^,}]*' one/metrics.jsonl | tr -d ' ' | cut -d: -f2 | uniq | tr '\n' ' ' >rates
grep -q '^0.001 0.0055[0-9]* 0.01 0.00933[0-9]* 0.0075[0-9]* 0.005[0-9]* 0.0025[0-9]* $' rates || fail "rates $(cat rates)"
