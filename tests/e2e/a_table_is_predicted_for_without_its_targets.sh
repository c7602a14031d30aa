# What is predicted for is not known yet: rows have no target, an empty one, or one that nobody has seen.
. "$(dirname "$0")/lib.sh"

awk 'BEGIN {
    print "a,b,kind,c"
    for (i = 0; i < 60; i++) printf "%d,%d,%s,%.2f\n", i % 3 * 10 + i % 4, i * 7 % 11, substr("redtanblu", i % 3 * 3 + 1, 3), i / 7
}' >train.csv
cat >job.yaml <<EOF
job: kinds
data: {format: csv, train: train.csv, target: kind, normalize: true}
model:
  - linear: {out_features: 3}
loss: cross_entropy
optimizer: {adam: {lr: 0.1}}
train: {epochs: 4, batch_size: 12, lanes: 2, threads_per_rank: 1}
EOF
lks run job.yaml --ranks 1 --run-dir run
must_succeed
lks predict run --split train
must_succeed
cp out known

awk -F, '{ print $4 "," $2 "," $1 }' train.csv >without.csv
awk -F, 'NR > 1 { $3 = "" } 1' OFS=, train.csv >empty.csv
awk -F, 'NR > 1 { $3 = "never seen" } 1' OFS=, train.csv >unknown.csv
for table in without empty unknown; do
    lks predict run --input $table.csv
    must_succeed
    cmp known out || fail "other predictions for $table.csv"
done
lks predict run --input empty.csv --set data.missing=skip
must_succeed
cmp known out || fail 'rows without a target were left out'

# Rows that are left out leave their numbers to nobody.
awk -F, 'NR == 3 || NR == 61 { $2 = "" } 1' OFS=, train.csv >holes.csv
lks predict run --input holes.csv
must_fail 1
one_line "holes.csv, line 3, column 'b': a value is missing"
for ranks in 1 2; do
    lks predict run --input holes.csv --set data.missing=skip --ranks $ranks
    must_succeed
    grep -vE '^{"index":(1|59),' known | cmp - out || fail 'rows have other numbers'
    says 'data.missing: skip: 2 of 60 rows are left out' err
done

# An array of the same numbers, but not of bytes, which would be divided by 255 as pixels are.
npy() { printf '\223NUMPY\001\000\166\000%-117s\n' "{'descr': '$1', 'fortran_order': False, 'shape': (1, 3), }" && printf "$2"; }
printf 'a,b,c\n2,1,0\n' >small.csv
npy '<f4' '\000\000\000\100\000\000\200\077\000\000\000\000' >floats.npy
npy '|u1' '\002\001\000' >bytes.npy
lks predict run --input small.csv
must_succeed
cp out small
lks predict run --input floats.npy
must_succeed
cmp small out || fail 'an array is another table'
lks predict run --input bytes.npy
must_fail 2
one_line 'bytes.npy: its inputs are uint8, which are pixels; the model was trained on a table: save them as float32'

cut -d, -f1,3 train.csv >narrow.csv
lks predict run --input narrow.csv
must_fail 2
one_line "narrow.csv: no column is called 'b'; there are 'a', 'kind'"
nothing_is_left
