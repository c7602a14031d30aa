#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Known by hand: five samples of three scores, which weights of ones and zeros leave as they are. Then Fashion-MNIST: what
# is said of a model has the same bytes on any number of ranks.

# npy DTYPE SHAPE BYTES, these in octal
npy() {
    printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': $2, }"
    printf "$3"
}
npy '|u1' '(5, 3)' '\005\001\000\001\002\000\000\004\003\000\003\003\000\001\011' >x.npy
npy '|u1' '(5,)' '\000\000\001\002\002' >t.npy
header='{"0.weight":{"dtype":"F32","shape":[3,3],"data_offsets":[0,36]}}'
one='\000\000\200\077' zero='\000\000\000\000'
{
    printf "\\$(printf %03o ${#header})\\000\\000\\000\\000\\000\\000\\000%s" "$header"
    printf "$one$zero$zero$zero$one$zero$zero$zero$one"
} >ones.safetensors
cat >job.yaml <<EOF
job: known
data: {format: npy, train: {inputs: x.npy, targets: t.npy}, test: {inputs: x.npy, targets: t.npy}}
model:
  - linear: {out_features: 3, bias: false}
loss: cross_entropy
optimizer: {sgd: {lr: 0}}
train: {steps: 1, batch_size: 5, lanes: 1, init: ones.safetensors}
EOF
cat >table <<EOF
class    samples   accuracy
0              2    50.00 %
1              1   100.00 %
2              2    50.00 %
EOF
lks run job.yaml --ranks 1
must_succeed
run=$(basename runs/*)
grep -A3 '^class ' out | cmp - table || fail 'the run ends without the table of its classes'
grep -A4 '"confusion"' "runs/$run/evaluation.json" | tr -d ' \n' | grep -qF '[1,1,0],[0,1,0],[0,1,1]' ||
    fail 'another confusion matrix'
lks status "$run"
must_succeed
grep -A3 '^class ' out | cmp - table || fail 'the status of the run lacks the table of its classes'
lks status "$run" --json
[ "$(grep -c '"correct": ' out)" -eq 3 ] && grep -q '"confusion": ' out || fail 'nor has it the classes as JSON'
lks evaluate "$run"
must_succeed
head -n 1 out | grep -q '^test: 5 samples, loss [0-9.]*, accuracy 60.00 %$' || fail 'not 3 of 5'
tail -n +2 out | cmp - table || fail 'another table'
for device in reference cpu; do
    lks predict "$run" --input x.npy --devices $device
    must_succeed
    mv out $device
done
cmp cpu reference || fail 'other bytes on the reference'
sed 's/.*"class":\([0-9]*\),.*/\1/' cpu | paste -sd ' ' >classes
[ "$(cat classes)" = '0 1 1 1 2' ] || fail "classes $(cat classes)"

# Outputs that are no numbers have no largest one, and are not counted as the first class.
cp -r "runs/$run" lost
nan='\000\000\300\177'
{
    printf "\\$(printf %03o ${#header})\\000\\000\\000\\000\\000\\000\\000%s" "$header"
    printf "$nan$nan$nan$nan$nan$nan$nan$nan$nan"
} >lost/model.safetensors
for as in '' --json; do
    lks evaluate lost $as
    must_fail 1
    one_line 'lockstep: error: test: the loss is nan: the weights or the data have numbers that are not finite'
    [ ! -s out ] || fail 'a loss of nan is told as a result'
done

# README's commands, word for word.
sed -n '/^## A trained model/,/^RUN is/s/^    \(lockstep [^#]*\).*/\1/p' "$E2E/../../README.md" | sed "s/RUN/$run/" >commands
[ "$(wc -l <commands)" -eq 4 ] || fail 'README has other commands'
PATH=$(dirname "$LOCKSTEP"):$PATH env "$MARK" sh -e commands >out 2>err || fail "README's commands fail"
[ "$(wc -l <classes.jsonl)" -eq 5 ] && [ "$(wc -c <y.npy)" -eq $((128 + 4 * 15)) ] || fail 'not what README says'
rm -r runs

# same_bytes NAME OPTION…: of a command on 1, 2 and 3 ranks, and on two replicas.
same_bytes() {
    name=$1
    shift
    lks "$@" --ranks 1
    must_succeed
    [ ! -s err ] || fail "$* is not silent"
    mv out "$name"
    for more in '--ranks 2' '--ranks 3' '--devices cpu:0,cpu:1'; do
        lks "$@" $more
        must_succeed
        cmp out "$name" || fail "$* gives other bytes with $more"
    done
}
lenet_job
lks run job.yaml --ranks 2 --run-dir run --set train.steps=20 \
    --set 'data.test={images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}'
must_succeed
sed -n '/"samples"/,$p' run/evaluation.json >figures
same_bytes plain evaluate run
same_bytes json evaluate run --json
sed -n '/"samples"/,$p' json | cmp - figures || fail 'evaluation.json has other figures than lockstep evaluate'
lks evaluate run --split train
must_succeed
says 'train: 10000 samples'
same_bytes lines predict run --split test
[ "$(wc -l <lines)" -eq 10000 ] || fail 'not a line a sample'
lks predict run --input "$DATA/t10k-images-idx3-ubyte.gz" --output lines.jsonl --ranks 2
must_succeed
says '10000 predictions are in lines.jsonl'
cmp lines lines.jsonl || fail 'a file of inputs gives other predictions than the data'
for ranks in 1 3; do
    lks predict run --split test --format npy --output $ranks.npy --ranks $ranks
    must_succeed
done
cmp 1.npy 3.npy || fail 'another array on 3 ranks'
[ "$(wc -c <1.npy)" -eq $((128 + 4 * 10 * 10000)) ] || fail 'not 10000 times 10 numbers'
[ ! -e runs ] && [ -z "$(ls | grep tmp)" ] || fail "files are left: $(ls)"
nothing_is_left
