#!/bin/sh
# Texts that cannot be trained on, or do not go with the training data: one line that names the file and the place.
. "$(dirname "$0")/lib.sh"

cat >text.yaml <<EOF
job: lm
data: {format: text, train: [a.txt], sequence_length: 4}
model: [{embedding: {num_embeddings: 5, embedding_dim: 4}}, {linear: {out_features: 5}}]
loss: cross_entropy
optimizer: sgd
train: {epochs: 1, batch_size: 2, lanes: 2}
EOF
sed -e 's/format: text/format: labelled/' -e 's/, sequence_length: 4//' text.yaml >labelled.yaml
sed -e 's/train: \[a.txt\]/train: {source: a.txt, target: b.txt}/' -e 's/format: labelled/format: pairs/' labelled.yaml >pairs.yaml

# refused JOB STATUS TEXT…: by run, whose ranks agree, and by check.
refused() {
    job=$1 want=$2
    shift 2
    for command in 'check' 'run --ranks 2 --run-dir run'; do
        lks $command $job.yaml $SET
        must_fail $want
        one_line 'lockstep: error: ' "$@"
        [ ! -e run ] || fail "a run directory is left: $(find run)"
    done
}
SET=

: >a.txt
refused text 1 "$WORK/a.txt: the file is empty"
printf 'abcd\nabcd\nabcd\nabc\377' >a.txt
refused text 1 "$WORK/a.txt, line 4: byte 0xff at offset 18 is not UTF-8"
printf 'abcdabc' >a.txt
refused text 2 "$WORK/a.txt: 7 tokens in 2 streams are 3 each, and sequence_length 4 needs 5"
printf 'abcdabcdabcdabcd' >a.txt
SET='--set data.vocabulary.max_size=1'
refused text 2 'max_size is 1, and the special tokens alone are 1'
SET='--set data.vocabulary.min_count=9'
refused text 2 'min_count is 9, and the most frequent token occurs 4 times'
SET='--set data.tokens=word --set data.vocabulary.max_size=4'
refused text 2 'max_size is 4, and the special tokens alone are 4'
printf 'aebe' >test.txt
printf 'abcdabcdabcdabcd\n' >a.txt
SET='--set data.test=test.txt'
refused text 1 "$WORK/test.txt, line 1: the character 'e' at offset 1 is not in the vocabulary, which has no <unk>"
SET=

printf 'abc\tx\nde y\nfg\tx\n' >a.txt
refused labelled 1 "$WORK/a.txt, line 2: there is no tab between a text and its label"
printf 'abc\tx\nde\ty\n\tx\n' >a.txt
refused labelled 1 "$WORK/a.txt, line 3: there is no text: a sequence of length 0"
printf 'abc\tx\nde\ty\nfg\n' >test.txt
printf 'abc\tx\nde\ty\nfg\tx\n' >a.txt
SET='--set data.test=test.txt'
refused labelled 1 "$WORK/test.txt, line 3: there is no tab"
printf 'abc\tx\nde\tz\n' >test.txt
refused labelled 1 "$WORK/test.txt, line 2: the label 'z' is not one of the training data's"
SET='--set data.max_length=1'
refused labelled 2 "$WORK/a.txt: all texts are longer than max_length, which is 1"
SET=

printf 'ein\nzwei\ndrei\n' >a.txt
printf 'one\ntwo\n' >b.txt
refused pairs 1 "$WORK/a.txt has 3 lines and $WORK/b.txt has 2: each line of one goes with one of the other"
printf 'one\n\nthree\n' >b.txt
refused pairs 1 "$WORK/b.txt, line 2: there is no text: a sequence of length 0"
printf 'one\ntw\366\nthree\n' >b.txt
refused pairs 1 "$WORK/b.txt, line 2: byte 0xf6 at offset 6 is not UTF-8"
rm b.txt
refused pairs 1 "$WORK/b.txt: No such file"
nothing_is_left
