#!/bin/sh
# `lockstep translate` of a model that has learnt to translate word by word: a line as soon as it is there, the same on any
# number of ranks; n-best; BLEU of an evaluation; and what it refuses.
. "$(dirname "$0")/lib.sh"

# Sentences of one to five words, and the same in the other language.
awk 'BEGIN {
    srand(1)
    n = split("eins zwei drei vier fünf sechs sieben", de, " ")
    split("one two three four five six seven", en, " ")
    for (i = 0; i < 1200; i++) {
        n_words = 1 + int(rand() * 5)
        s = t = ""
        for (k = 0; k < n_words; k++) {
            w = 1 + int(rand() * n)
            s = s (k ? " " : "") de[w]
            t = t (k ? " " : "") en[w]
        }
        print s >(i < 1000 ? "train.de" : "test.de")
        print t >(i < 1000 ? "train.en" : "test.en")
    }
}'
cat >numbers.yaml <<EOF
job: numbers
data:
  format: pairs
  train: {source: train.de, target: train.en}
  test: {source: test.de, target: test.en}
model:
  - seq2seq: {embedding_dim: 16, hidden_size: 32}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
train: {epochs: 8, batch_size: 20, lanes: 2, threads_per_rank: 1}
EOF
lks run numbers.yaml --ranks 1 --run-dir run
must_succeed

for ranks in 1 2 4; do
    lks evaluate run --beam 5 --ranks $ranks
    must_succeed
    mv out evaluation-$ranks
    cmp evaluation-1 evaluation-$ranks || fail "another evaluation on $ranks ranks"
done
bleu=$(sed -n 's/.*BLEU \([0-9.]*\).*/\1/p' evaluation-1)
awk "BEGIN { exit !(${bleu:-0} > 90) }" || fail "BLEU is only $bleu"
lks evaluate run --beam 1 --json
must_succeed
says '"bleu": '
lks evaluate run
must_succeed
! grep -q BLEU out || fail 'BLEU is told without a beam'
rm train.de train.en # what translates needs no data

# translated FILE WORD…: test.de on 1, 2 and 4 ranks and two devices.
translated() {
    file=$1
    shift
    for ranks in 1 2 4; do
        lks translate run --ranks $ranks "$@" <test.de
        must_succeed
        [ ! -s err ] || fail "something is said: $(cat err)"
        [ -e "$file" ] || cp out "$file"
        cmp out "$file" || fail "another translation on $ranks ranks"
    done
    lks translate run --devices cpu:0,cpu:1 "$@" <test.de
    must_succeed
    cmp out "$file" || fail 'another translation on two devices'
}
translated best
[ "$(wc -l <best)" -eq 200 ] || fail 'not a line for each line'
[ "$(paste best test.en | awk -F '\t' '$1 == $2' | wc -l)" -ge 180 ] || fail 'it does not translate'
translated greedy --beam 1
translated several --n-best 3 --length-penalty 1
# Of each line up to three, numbered, the best first and all of them different.
awk -F '\t' '
    $1 != line { if ($1 != line + 1) exit 1; line = $1; score = 0; split("", seen) }
    score && $2 > score { exit 1 }
    seen[$3]++ { exit 1 }
    { score = $2; n++ }
    END { exit !(line == 200 && n > 400) }' several || fail 'the n best are not numbered, sorted and distinct'

# What stands alone is translated alike; an empty line stays one, a word that nobody knows is no end, and the last line needs
# no end.
printf 'eins zwei\n\nunbekannt drei\n\n\nvier' >few
for ranks in 1 2; do
    lks translate run --ranks $ranks <few
    must_succeed
    [ "$(wc -l <out)" -eq 6 ] || fail 'not six lines'
    [ "$(sed -n '1p;6p' out)" = "$(printf 'one two\nfour')" ] || fail 'not those lines'
    [ "$(sed -n '2p;4p;5p' out | tr -d '\n')" = '' ] || fail 'something was made of nothing'
    ! grep -q '<' out || fail 'a special token is written'
done
for i in 1 7 200; do
    sed -n ${i}p test.de >line
    lks translate run <line
    must_succeed
    [ "$(cat out)" = "$(sed -n ${i}p best)" ] || fail "line $i is another one alone"
done
lks translate run </dev/null
must_succeed
[ ! -s out ] || fail 'nothing is translated into something'

# A line comes out before the next one goes in.
for ranks in 1 2; do
    mkfifo in-$ranks
    env "$MARK" "$LOCKSTEP" translate run --ranks $ranks <in-$ranks >slow.out 2>slow.err &
    run=$!
    exec 7>in-$ranks
    n=0
    for word in eins zwei drei; do
        echo $word >&7
        n=$((n + 1))
        within 30 sh -c "[ \$(wc -l <slow.out) -eq $n ]" || fail "line $n does not come out"
    done
    exec 7>&-
    wait $run || fail "exit status $?"
    [ "$(cat slow.out)" = "$(printf 'one\ntwo\nthree')" ] || fail 'not those lines'
done

# Ended while it waits for a line.
mkfifo in-3
env "$MARK" "$LOCKSTEP" translate run --ranks 2 <in-3 >slow.out 2>slow.err &
run=$!
exec 7>in-3
echo eins >&7
within 30 grep -q one slow.out || fail 'no line comes out'
kill -TERM $run
within 20 run_is_over || fail 'it does not end'
exec 7>&-
wait $run || true

# refused STATUS TEXT WORD…: with the standard input of the call
refused() {
    wanted=$1
    says=$2
    shift 2
    lks "$@"
    must_fail "$wanted"
    one_line 'lockstep: error: ' "$says"
    nothing_is_left
}
printf 'eins\nzw\377i\n' >bytes
for ranks in 1 2; do
    refused 1 'standard input, line 2: byte 0xff at offset 2 of the line is not UTF-8' translate run --ranks $ranks <bytes
done
refused 2 '--beam 0: give a whole number from 1' translate run --beam 0
refused 2 '--n-best 6: the beam holds 5: give --beam 6 too' translate run --n-best 6
refused 2 '--length-penalty -1: give a number from 0' translate run --length-penalty -1
refused 2 'run is no language model: that was trained on data.format text, it on pairs' generate run --length 5
lenet_job
lks run job.yaml --ranks 1 --run-dir images --set train.steps=1
must_succeed
refused 2 'images is no model that translates: that was trained on data.format pairs, it on idx' translate images
refused 1 '--beam: images is no model that translates: there is no BLEU of it' evaluate images --split train --beam 2
nothing_is_left
