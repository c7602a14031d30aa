#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Names of files are bytes. Where a folder is called in Latin-1, check and run agree, and the run's job.yaml, which
# is Unicode, says the folder, a data file and the first weights so that it starts the same run from elsewhere.

lenet_job
folder=$(printf 'd\351j\340')
images=$(printf 'im\351 %%41.gz')
mkdir "$folder"
cp job.yaml "$folder/"
cp $DATA/t10k-images-idx3-ubyte.gz "$folder/$images"
cp $DATA/t10k-labels-idx1-ubyte.gz "$folder/"
sed -i '/^  root:/d' "$folder/job.yaml"

set -- --set data.train.images="$images" --set train.steps=2
lks check "$folder/job.yaml" "$@"
must_succeed
lks run "$folder/job.yaml" --ranks 2 --run-dir run "$@"
must_succeed
says "root: \"file://$WORK/d%E9j%E0\"" run/job.yaml
says 'images: "file:im%E9%20%2541.gz"' run/job.yaml

# from another folder, from the weights of the first run, which lie in such a folder too
cp run/model.safetensors "$folder/"
cp run/job.yaml again.yaml
cd /
status=0
env "$MARK" "$LOCKSTEP" run "$WORK/again.yaml" --ranks 2 --run-dir "$WORK/second" \
    --set train.init="$WORK/$folder/model.safetensors" >"$WORK/out" 2>"$WORK/err" || status=$?
cd "$WORK"
must_succeed
says "init: \"file://$WORK/d%E9j%E0/model.safetensors\"" second/job.yaml
! cmp -s run/model.safetensors second/model.safetensors || fail "it did not start from the weights"
lks run second/job.yaml --ranks 2 --run-dir third
must_succeed
cmp second/job.yaml third/job.yaml || fail "the job changed"
cmp second/model.safetensors third/model.safetensors || fail "the weights are others"

# what is missing there is named by both
rm "$folder/$images"
for command in 'check' 'run --ranks 2 --run-dir fourth'; do
    lks $command "$folder/job.yaml" "$@"
    must_fail 1
    one_line 'lockstep: error: ' 'No such file'
    grep -qF 'im? %41.gz' err || fail "the line does not name the file"
done
