#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# The same arrays as .npy files and in one .npz archive, stored or compressed, give the same weights; job.yaml says the names of arrays, and
# what an archive lacks is told in one line.

# archive FILE HOW: x.npy and labels.npy in it
archive() {
    python3 -c "
import zipfile
with zipfile.ZipFile('$1', 'w', zipfile.$2) as archive:
    archive.write('x.npy')
    archive.write('labels.npy')"
}
gunzip -c $DATA/t10k-images-idx3-ubyte.gz | tail -c +17 | npy x.npy '|u1' '(10000, 1, 28, 28)'
gunzip -c $DATA/t10k-labels-idx1-ubyte.gz | tail -c +9 | npy labels.npy '|u1' '(10000,)'
archive stored.npz ZIP_STORED
archive packed.npz ZIP_DEFLATED

lenet_job
# job NAME FORMAT FILES
job() {
    sed -e "s/format: idx/format: $2/" -e "s,root: .*,root: $WORK," -e "s/train: {images.*/train: {$3}/" -e 's/steps: 60/steps: 5/' job.yaml >"$1.yaml"
}
job files npy 'inputs: x.npy, targets: labels.npy'
job stored npz 'file: stored.npz, targets: labels'
job packed npz 'file: packed.npz, inputs: x, targets: labels'
for name in files stored packed; do
    lks run $name.yaml --ranks 2 --run-dir run-$name
    must_succeed
    cmp run-files/model.safetensors run-$name/model.safetensors || fail "other weights from $name"
done
grep -q 'train: {file: stored.npz, inputs: x, targets: labels}' run-stored/job.yaml || fail "job.yaml does not say the names of arrays"

job lacking npz 'file: stored.npz'
lks check lacking.yaml
must_fail 2
one_line 'lockstep: error: ' "$WORK/stored.npz holds no array 'y'; it holds x, labels"
