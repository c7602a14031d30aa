#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Nets of layers that no other test here has, of images and of tokens, learn, and have the same weights, running statistics and losses on
# any number of ranks and with the reference; first values are those the job says; what is wrong in one is told.

lenet_job
cat >model <<'JOB'
model:
  - conv2d: {out_channels: 8, kernel_size: 5, stride: 3, init: {weight: {kaiming_normal: {nonlinearity: relu}}, bias: zeros}}
  - instance_norm2d: {affine: true, track_running_stats: true}
  - prelu: {num_parameters: 8}
  - pixel_shuffle: {upscale_factor: 2}
  - local_response_norm: {size: 2}
  - dropout2d: {p: 0.1}
  - upsample: {scale_factor: 0.5, mode: bilinear}
  - layer_norm: {normalized_shape: [8, 8], bias: false}
  - gelu: {approximate: tanh}
  - upsample: {size: [7, 6], mode: bicubic, align_corners: true}
  - batch_norm2d: {momentum: null}
  - hardswish
  - flatten
  - linear: {out_features: 32, init: {weight: orthogonal}}
  - softplus: {beta: 2}
  - unflatten: {dim: 1, unflattened_size: [4, -1]}
  - conv1d: {out_channels: 4, kernel_size: 3}
  - instance_norm1d
  - dropout1d: {p: 0.1}
  - mish
  - upsample: {size: 9}
  - flatten
  - elu: {alpha: 0.5}
  - linear: {out_features: 10, init: {weight: {xavier_uniform: {gain: 0.5}}}}
JOB
sed -i -e '/^model:/,/out_features: 10}/{/out_features: 10}/r model' -e 'd}' job.yaml

# train JOB FOLDER ARGS…: the bytes of JOB's run on one rank.
train() {
    job=$1 folder=$2
    shift 2
    lks run "$job.yaml" --run-dir "$folder" "$@"
    must_succeed
    grep -v '"split"' "$folder/metrics.jsonl" | grep -o '"loss": *[^,}]*' >"$folder/losses"
    cmp "$job-1/model.safetensors" "$folder/model.safetensors" || fail "other weights or statistics in $folder"
    cmp "$job-1/losses" "$folder/losses" || fail "other losses in $folder"
}
# learns FOLDER: the mean of the last ten losses is below three quarters of the first's.
learns() {
    awk -F: '{ v[NR] = $2 } END { for (i = NR - 9; i <= NR; i++) last += v[i] / 10; exit !(NR > 20 && last < 0.75 * v[1]) }' \
        "$1/losses" || fail "$1 learns nothing: $(tr '\n' ' ' <"$1/losses")"
}
few="--set train.steps=60 --set train.batch_size=60"
train job job-1 $few
learns job-1
for ranks in 2 3; do
    train job "job-$ranks" --ranks "$ranks" $few
done
train job job-replicas --ranks 2 --set train.replicas=2 $few
train job job-reference --set train.device=reference $few
grep -q "approximate: tanh" job-1/job.yaml || fail "the run's job has no words"
grep -q "momentum: null" job-1/job.yaml || fail "the run's job has no null"
train job job-again --set job=again $few
head -c 4000 job-1/model.safetensors | tr -d '\0' >names
for name in 1.running_var 2.weight 7.weight 10.num_batches_tracked 13.bias 23.weight; do
    grep -q "\"$name\"" names || fail "no $name in the weights' file"
done
! grep -q '"7.bias"' names || fail "layer_norm has a bias"

# Tokens, 0 being none: whether one of two is at most 4.
# npy FILE SHAPE: an array of the whole numbers below 64 on standard input
npy() {
    header="{'descr': '<i8', 'fortran_order': False, 'shape': $2, }"
    printf '\223NUMPY\1\0' >"$1"
    printf "\\$(printf %o ${#header})\\0" >>"$1"
    printf %s "$header" >>"$1"
    while read -r number; do
        printf "\\$(printf %o "$number")\\0\\0\\0\\0\\0\\0\\0"
    done >>"$1"
}
awk 'BEGIN { for (i = 0; i < 240; i++) print (i * 7) % 12 + 1 "\n" (i % 5 ? (i * 5) % 12 + 1 : 0) }' >tokens
npy tokens.npy '(240, 2)' <tokens
awk 'NR % 2 { first = $1 } NR % 2 == 0 { print (first <= 4 || $1 <= 4) ? 1 : 0 }' tokens | npy classes.npy '(240,)'
cat >tokens.yaml <<'JOB'
job: tokens
data: {format: npy, train: {inputs: tokens.npy, targets: classes.npy}}
model:
  - embedding: {num_embeddings: 13, embedding_dim: 8, padding_idx: 0, init: {weight: {normal: {std: 0.5}}}}
  - flatten
  - linear: {out_features: 16}
  - silu
  - linear: {out_features: 2}
loss: cross_entropy
optimizer: {adam: {lr: 0.02}}
train: {steps: 60, batch_size: 60, lanes: 6}
report: {every_steps: 1}
JOB
train tokens tokens-1
learns tokens-1
train tokens tokens-2 --ranks 2

# The same by attention: rows that are used are cut down, whoever used them.
sed -e '/^job:/s/tokens/attention/' -e '/^model:/,/out_features: 2}/d' tokens.yaml >attention.yaml
cat >>attention.yaml <<'JOB'
model:
  - embedding: {num_embeddings: 13, embedding_dim: 8, max_norm: 1.5}
  - positional_encoding: {learned: true, dropout: 0.1}
  - transformer_encoder: {num_layers: 2, nhead: 2, dim_feedforward: 16, causal: true, activation: gelu, norm: true}
  - multihead_attention: {num_heads: 4, dropout: 0.1, add_bias_kv: true, name: attend}
  - transformer_decoder_layer: {nhead: 2, dim_feedforward: 16, norm_first: true, from: ["0", attend]}
  - flatten
  - linear: {out_features: 2}
JOB
train attention attention-1
learns attention-1
train attention attention-2 --ranks 2
train attention attention-3 --ranks 3
train attention attention-replicas --ranks 2 --set train.replicas=2
train attention attention-reference --set train.device=reference

# What is wrong is one line.
lks check job.yaml --set 'model.0.conv2d.init={wieght: zeros}'
[ "$status" -eq 2 ] || fail "an init of nothing is no error: $status"
grep -q "layer 0 (conv2d) has no parameter 'wieght' to begin with; it has: weight, bias" err || fail "$(cat err)"
lks check job.yaml --set 'model.0=conv'
[ "$status" -eq 2 ] || fail "a conv is no error: $status"
grep -q "unknown layer 'conv'; did you mean 'conv1d' or 'conv2d'?" err || fail "$(cat err)"
lks check tokens.yaml --set 'model.0={linear: {out_features: 3}}'
[ "$status" -eq 2 ] || fail "tokens for a linear layer are no error: $status"
grep -q "tokens.npy: the field inputs is of int64, layer 0 (linear) takes float32" err || fail "$(cat err)"
