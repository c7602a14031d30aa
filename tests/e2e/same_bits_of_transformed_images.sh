# Images cropped and flipped at random, each epoch otherwise: the same bits on any number of ranks and loader threads,
# and in evaluation nothing is drawn.
. "$(dirname "$0")/lib.sh"

cat >job.yaml <<EOF
job: transformed
seed: 5
data:
  format: idx
  root: $DATA
  train: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}
  validation: 9000
  transforms:
    - random_crop: {size: 26, padding: 2}
    - random_horizontal_flip
    - to_float
    - normalize: {mean: 0.2860, std: 0.3530}
model:
  - conv2d: {out_channels: 4, kernel_size: 5, stride: 2}
  - relu
  - flatten
  - linear: {out_features: 10}
loss: cross_entropy
optimizer: {adam: {lr: 0.005}}
train: {epochs: 3, batch_size: 60, lanes: 6, threads_per_rank: 1}
EOF

lks check job.yaml
must_succeed
says "1000 training samples"
says "9000 validation samples"
for ranks in 1 2 3; do
    lks run job.yaml --ranks $ranks --run-dir run-$ranks
    must_succeed
    cmp run-1/model.safetensors run-$ranks/model.safetensors || fail "other weights on $ranks ranks"
    grep '"split"' run-$ranks/metrics.jsonl | sed 's/,"time":.*//' >evaluations-$ranks
    cmp evaluations-1 evaluations-$ranks || fail "other evaluations on $ranks ranks"
done
tail -n 1 evaluations-1 | grep -q '"accuracy":0\.[67]' || fail "it has learnt nothing: $(tail -n 1 evaluations-1)"

for workers in 1 4; do
    lks run job.yaml --ranks 1 --run-dir workers-$workers --set data.workers=$workers --set data.prefetch=$workers
    must_succeed
    cmp run-1/model.safetensors workers-$workers/model.safetensors || fail "other weights with $workers loader threads"
done

# What the run was evaluated on, its weights are again: with the same rows, classes, scale and transforms.
env "$MARK" "$(dirname "$LOCKSTEP")/lockstep-worker" --evaluate --split validation --json run-1 >evaluated 2>err || fail "$(cat err)"
loss=$(sed -n 's/.*"split":"validation".*"loss":\([^,]*\).*/\1/p' run-1/metrics.jsonl | tail -n 1)
grep -qF "\"loss\": $loss," evaluated || fail "another loss than $loss: $(cat evaluated)"

# A run's own job trains again; without a flip the weights are others.
lks run run-1/job.yaml --ranks 1 --run-dir again
must_succeed
cmp run-1/model.safetensors again/model.safetensors
lks run job.yaml --ranks 1 --run-dir other --set data.transforms.1.random_horizontal_flip.p=0
must_succeed
! cmp -s run-1/model.safetensors other/model.safetensors || fail "a flip changes nothing"

lks check job.yaml --set data.transforms.0.random_crop.size=40
must_fail 2
one_line "transform random_crop: height 40; with their padding the images have 32"
sed -i '/to_float/d' job.yaml
lks check job.yaml --set data.transforms.0.random_crop.fill=0.1
must_succeed # bytes become floats by themselves
nothing_is_left
