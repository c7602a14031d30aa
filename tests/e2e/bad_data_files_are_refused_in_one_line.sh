#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Missing, truncated, of another kind, with labels that are no class: one line that names the file.

lenet_job
gunzip -c $DATA/t10k-images-idx3-ubyte.gz >images
gunzip -c $DATA/t10k-labels-idx1-ubyte.gz >labels
sed -e "s,root: .*,root: $WORK," -e 's/t10k-images-idx3-ubyte.gz/images/' \
    -e 's/t10k-labels-idx1-ubyte.gz/labels/' job.yaml >plain.yaml
lks check plain.yaml
must_succeed

refused() {
    for command in run check; do
        if [ $command = run ]; then lks run plain.yaml --ranks 2 --run-dir run; else lks check plain.yaml; fi
        must_fail 1
        one_line 'lockstep: error: ' "$@"
        [ ! -e run ] || fail "a run directory is left: $(find run)"
    done
    cp good-images images
    cp good-labels labels
}
cp images good-images
cp labels good-labels
rm images
refused images 'No such file'
head -c 1000 good-images >images
refused images
head -c 7 good-images >images
refused images
printf '\001\002\003\004' | dd of=images conv=notrunc status=none
refused images magic
printf 'x' >>images
refused images
printf '\377' | dd of=labels bs=1 seek=100 conv=notrunc status=none
refused labels 255
head -c 5008 good-labels | sed '1s/^//' >labels
refused labels

sed 's/^loss: .*/loss: mse_loss/' plain.yaml >values.yaml
for command in 'check' 'run --ranks 2 --run-dir run'; do
    lks $command values.yaml
    must_fail 2
    one_line 'lockstep: error: ' "$WORK/labels: the targets are classes (integers), loss mse_loss wants values (floats)"
    [ ! -e run ] || fail "a run directory is left: $(find run)"
done

# npy FILE DESCR SHAPE BYTES: that array of zeros
npy() {
    header="{'descr': '$2', 'fortran_order': False, 'shape': $3, }"
    printf '\223NUMPY\1\0' >"$1"
    printf "\\$(printf %o ${#header})\\0" >>"$1"
    printf %s "$header" >>"$1"
    head -c "$4" /dev/zero >>"$1"
}
npy x.npy '<i8' '(100, 4)' 3200
npy y.npy '<i8' '(100,)' 800
sed -e 's/format: idx/format: npy/' -e 's/train: {images.*/train: {inputs: x.npy, targets: y.npy}/' \
    -e '/normalize/d' -e 's/- conv2d.*/- linear: {out_features: 10}/' plain.yaml |
    sed '/- relu/,/- dropout/d' >integers.yaml
lks check integers.yaml
must_fail 2
one_line 'lockstep: error: ' "$WORK/x.npy: the field inputs is of int64, layer 0 (linear) takes float32"

# Numbers that are none: the check tells which, of each part of the data, and goes on; a mean of them there is not.
npy x.npy '<f4' '(100, 4)' 1600
npy x2.npy '<f4' '(100, 4)' 1600
npy y.npy '<f4' '(100, 2)' 800
printf '\0\0\300\177' | dd of=x.npy bs=1 seek=$(($(wc -c <x.npy) - 4)) conv=notrunc 2>dd.err
printf '\0\0\200\377' | dd of=x2.npy bs=1 seek=$(($(wc -c <x2.npy) - 1600 + 16)) conv=notrunc 2>dd.err
cat >numbers.yaml <<EOF
job: numbers
data: {format: npy, train: {inputs: x.npy, targets: y.npy}, test: {inputs: x2.npy, targets: y.npy}}
model: [{linear: {out_features: 2}}]
loss: mse_loss
optimizer: sgd
train: {epochs: 1, batch_size: 10}
EOF
lks check numbers.yaml
must_succeed
says "lockstep: warn: $WORK/x.npy: sample 99 has the value nan in its inputs (number 3): no loss of it is finite" err
says "lockstep: warn: $WORK/x2.npy: sample 1 has the value -inf in its inputs (number 0)" err
says '100 training samples'
lks check numbers.yaml --set data.normalize=true
must_fail 1
one_line 'lockstep: error: ' "$WORK/x.npy: sample 99 has the value nan in its inputs (number 3)"

gzip -c good-images | head -c 3000 >images.gz
sed -i 's/images: images/images: images.gz/' plain.yaml
refused images.gz
