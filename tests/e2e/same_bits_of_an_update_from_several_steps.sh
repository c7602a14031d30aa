#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# adamw with amsgrad, l1 and groups, clipped gradients, three steps an update and a schedule: weights and losses are the same bytes on 1, 2 and 3
# ranks, 2 ranks of 2 replicas, and with the reference; the reported rate is what the schedule says.

residual_job
sed -i '/^optimizer/d' job.yaml
cat >>job.yaml <<EOF
optimizer: {adamw: {lr: 0.01, amsgrad: true, l1: 0.0001, groups: [{params: ["*.bias"], weight_decay: 0, lr: 0.02}]}}
schedule: {step_lr: {step_size: 2, gamma: 0.5, every: step}}
EOF

train() {
    lks run job.yaml --run-dir "$@" --set train.steps=14 --set train.batch_size=60 --set train.accumulate=3 \
        --set train.clip_grad_norm=1.5 --set train.clip_grad_value=0.1
    must_succeed
    grep -o '"loss": *[^,}]*' "$1/metrics.jsonl" >"$1/losses"
    cmp one/model.safetensors "$1/model.safetensors" || fail "other weights in $1"
    cmp one/losses "$1/losses" || fail "other losses in $1"
}
train one
for ranks in 2 3; do
    train "ranks-$ranks" --ranks "$ranks"
done
train replicas --ranks 2 --set train.replicas=2
train reference --set train.device=reference

# Updates come with steps 3, 6, 9 and 12; after each two of them the rate is halved.
grep -o '"lr": *[^,}]*' one/metrics.jsonl | tr -d ' ' | cut -d: -f2 | tr '\n' ' ' >rates
[ "$(cat rates)" = "0.01 0.01 0.01 0.01 0.01 0.01 0.005 0.005 0.005 0.005 0.005 0.005 0.0025 0.0025 " ] || fail "rates $(cat rates)"
grep -q 'schedule: {step_lr: {step_size: 2, gamma: 0.5, every: step}}' one/job.yaml || fail "$(cat one/job.yaml)"

for change in accumulate=1 clip_grad_norm=100 clip_grad_value=100; do
    lks run job.yaml --run-dir "$change" --set train.steps=14 --set train.batch_size=60 --set train.accumulate=3 \
        --set train.clip_grad_norm=1.5 --set train.clip_grad_value=0.1 --set "train.$change"
    must_succeed
    ! cmp -s one/model.safetensors "$change/model.safetensors" || fail "$change changes nothing"
done
