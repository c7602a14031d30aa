#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A small residual net with batch norm and parameter groups, 20 steps of 60 samples (lanes of 7 and 8), 8 lanes: weights, running statistics, losses
# and the evaluation, which takes these statistics, are the same bytes on 1, 2, 3 and 4 ranks, 2 ranks of 2 replicas, and
# with the reference.

residual_job
sed -i "s/^  normalize/  test: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}\n  normalize/" job.yaml

train() {
    lks run job.yaml --run-dir "$@" --set train.steps=20 --set train.batch_size=60
    must_succeed
    grep -o '"loss": *[^,}]*' "$1/metrics.jsonl" >"$1/losses"
    [ "$(wc -l <"$1/losses")" -eq 21 ] || fail "$1 reports no 20 losses and an evaluation"
    cmp one/model.safetensors "$1/model.safetensors" || fail "other weights or statistics in $1"
    cmp one/losses "$1/losses" || fail "other losses in $1"
}
train one
for ranks in 2 3 4; do
    train "ranks-$ranks" --ranks "$ranks"
done
train replicas --ranks 2 --set train.replicas=2
train reference --set train.device=reference

head -c 3000 one/model.safetensors | tr -d '\0' >names
for name in stem.weight 1.running_mean 1.running_var 4.num_batches_tracked 10.running_mean; do
    grep -q "\"$name\"" names || fail "no $name in the weights' file"
done
# They are loaded again, and what does not fit is told.
lks run job.yaml --run-dir again --set train.steps=1 --set train.init=one/model.safetensors
must_succeed
lks run job.yaml --run-dir decayed --set train.steps=20 --set train.batch_size=60 --set optimizer.sgd.groups=null
must_succeed
! cmp -s one/model.safetensors decayed/model.safetensors || fail "the groups change nothing"
lks check job.yaml --set 'optimizer.sgd.groups=[{params: "*.bais", lr: 1}]'
[ "$status" -eq 2 ] || fail "a group of nothing is no error: $status"
grep -q "sgd: no parameter is called '\*.bais'; there are: stem.weight, stem.bias, 1.weight" err || fail "$(cat err)"
lks check job.yaml --set 'model.5.add.from=[4, 9]'
[ "$status" -eq 2 ] || fail "a wrong source is no error: $status"
grep -q "layer sum (add): from has '9', which does not come before it" err || fail "$(cat err)"
