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

gzip -c good-images | head -c 3000 >images.gz
sed -i 's/images: images/images: images.gz/' plain.yaml
refused images.gz
