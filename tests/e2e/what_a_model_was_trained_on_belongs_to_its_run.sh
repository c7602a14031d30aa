# Columns, classes, means and scale are those of the training, whatever becomes of the training file.
. "$(dirname "$0")/lib.sh"

# table FIRST LAST: rows with holes, of three kinds.
table() {
    echo a,b,c,kind
    awk -v first="$1" -v last="$2" 'BEGIN {
        for (i = first; i <= last; i++)
            printf "%s,%d,%.2f,%s\n", i % 9 ? i % 3 * 10 + i % 4 : "", i * 7 % 11, i / 7, substr("redtanblu", i % 3 * 3 + 1, 3)
    }'
}
table 1 90 >train.csv
table 91 120 >test.csv
cat >job.yaml <<EOF
job: kinds
data: {format: csv, train: train.csv, test: test.csv, validation: 0.2, target: kind, missing: mean, normalize: true}
model:
  - linear: {out_features: 3}
loss: cross_entropy
optimizer: {adam: {lr: 0.1}}
train: {epochs: 4, batch_size: 12, lanes: 2, threads_per_rank: 1}
EOF
lks run job.yaml --ranks 2 --run-dir run
must_succeed
says '"columns":["a","b","c","kind"]' run/trained_on.json

# same: evaluations and predictions are those of before.
same() {
    for ranks in 1 2; do
        lks evaluate run --json --ranks $ranks
        must_succeed
        cmp evaluated out || fail "another evaluation: $1"
        lks predict run --input test.csv --ranks $ranks
        must_succeed
        cmp predicted out || fail "other predictions: $1"
    done
}
lks evaluate run --json
must_succeed
cp out evaluated
lks predict run --input test.csv
must_succeed
cp out predicted
says '"name":"red"' predicted
cp train.csv train.kept
echo 1000,2000,3000,tan >>train.csv
same 'a row more in the training file'
echo 5,6,7,aaa >>train.csv
same 'a class more in the training file'
awk -F, '{ print $4 "," $3 "," $2 "," $1 }' train.kept >train.csv
same 'its columns in another order'
rm train.csv
same 'no training file'
lks evaluate run --split train
must_fail 1
one_line '/train.csv: No such file'

# A file of the training that has changed is still read as it was then.
{ cat train.kept; echo 5,6,7,aaa; } >train.csv
lks evaluate run --split train
must_fail 1
one_line "train.csv, line 92, column 'kind': 'aaa' is no class of the training data"

# Arrays have the classes' names too.
printf '\223NUMPY\001\000\166\000%-117s\n\000\000\000\000\000\000\000\000\000\000\000\000' \
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }" >x.npy
rm train.csv
lks predict run --input x.npy
must_succeed
grep -qE '"class":[012],"name":"(red|tan|blu)"' out || fail "no name: $(cat out)"

# A run of a version that kept nothing goes by the training file, and says so where there is none.
mv run/trained_on.json kept.json
cp train.kept train.csv
same 'nothing is kept'
rm train.csv
lks predict run --input test.csv
must_fail 1
one_line '/train.csv: No such file'
echo '{"columns":1}' >run/trained_on.json
lks predict run --input test.csv --ranks 2
must_fail 1
one_line "run/trained_on.json: 'columns' is not what a run writes there"
mv kept.json run/trained_on.json

# Images that are scaled by their own means are so without their files.
cp "$DATA/t10k-images-idx3-ubyte.gz" images.gz
cat >images.yaml <<EOF
job: images
data: {format: idx, train: {images: images.gz, labels: $DATA/t10k-labels-idx1-ubyte.gz}, normalize: true}
model: [flatten, linear: {out_features: 10}]
loss: cross_entropy
optimizer: {sgd: {lr: 0.1}}
train: {steps: 2, batch_size: 20, lanes: 2, threads_per_rank: 1}
EOF
lks run images.yaml --ranks 1 --run-dir images
must_succeed
lks predict images --input images.gz
must_succeed
cp out predicted
mv images.gz moved.gz
lks predict images --input moved.gz
must_succeed
cmp predicted out || fail 'other predictions for images'
nothing_is_left
