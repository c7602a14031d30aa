#!/bin/sh
# `lockstep generate`: from a prompt, greedy, drawn and by beam search, of characters and of words; and what it refuses.
. "$(dirname "$0")/lib.sh"

awk 'BEGIN {
    n = split("die der Größe über dem See singt und ruht wieder", words, " ")
    for (i = 0; i < 300; i++)
        for (k = 0; k < 8; k++)
            printf "%s%s", words[(i * 3 + k * k) % n + 1], k < 7 ? " " : "\n"
}' >a.txt
cat >chars.yaml <<EOF
job: lm
data: {format: text, train: [a.txt], tokens: char, sequence_length: 16}
model:
  - embedding: {num_embeddings: 20, embedding_dim: 12}
  - gru: {hidden_size: 24}
  - linear: {out_features: 20}
loss: cross_entropy
optimizer: {adam: {lr: 0.01}}
train: {epochs: 2, batch_size: 16, lanes: 2, threads_per_rank: 1}
EOF
sed -e 's/tokens: char/tokens: word/' -e 's/\(num_embeddings\|out_features\): 20/\1: 14/' chars.yaml >words.yaml
for job in chars words; do
    lks run $job.yaml --ranks 1 --run-dir $job
    must_succeed
done
rm a.txt # nothing of it is needed any more

# same FILE WORD…: on 1, 2 and 4 ranks and on two devices of one; the output, which is FILE's then.
same() {
    file=$1
    shift
    lks generate "$@"
    must_succeed
    [ ! -s err ] || fail "something is said: $(cat err)"
    mv out "$file"
    for ranks in 2 4; do
        lks generate "$@" --ranks $ranks
        must_succeed
        cmp out "$file" || fail "another text on $ranks ranks"
    done
    lks generate "$@" --devices cpu:0,cpu:1
    must_succeed
    cmp out "$file" || fail 'another text on two devices'
}
same greedy chars --prompt 'die Grö' --length 60
same drawn chars --prompt 'die Grö' --length 60 --temperature 1 --seed 1
same beam chars --prompt 'die Grö' --length 60 --beam 4
for file in greedy drawn beam; do
    [ "$(head -c 8 $file)" = 'die Grö' ] || fail "$file does not begin with the prompt"
    [ "$(LC_ALL=C.UTF-8 wc -m <$file)" -ge 67 ] || fail "$file is short"
    [ "$(LC_ALL=C.UTF-8 wc -m <$file)" -le 68 ] || fail "$file is long"
done
printf 'die Grö' >prompt
same by_file chars --prompt-file prompt --length 60
cmp by_file greedy || fail 'a prompt in a file is another one'

# Drawn otherwise by another seed and temperature; among one token, and cold, it is greedy.
lks generate chars --prompt 'die Grö' --length 60 --seed 2
must_succeed
! cmp -s out drawn || fail 'another seed draws the same'
lks generate chars --prompt 'die Grö' --length 60 --seed 1
cmp out drawn || fail 'the temperature beside a seed is not 1'
for alone in '--top-k 1' '--temperature 0' '--beam 1' '--top-p 0.000001'; do
    # shellcheck disable=SC2086
    lks generate chars --prompt 'die Grö' --length 60 $alone
    must_succeed
    cmp out greedy || fail "$alone is not greedy"
done

# Words stand between blanks, and each line's end is one of them.
same text words --prompt 'singt und' --length 30 --temperature 1
[ "$(head -c 9 text)" = 'singt und' ] || fail 'the words are not written behind one another'
[ $(($(wc -w <text) + $(wc -l <text))) -ge 32 ] || fail 'words are missing'
! grep -q '<' text || fail 'a special token is written'
! grep -q '^ \| $\|  ' text || fail 'blanks stand where no words are'

# Without a prompt it says what it begins with.
for run in chars words; do
    lks generate $run --prompt '' --length 5
    must_succeed
    one_line 'the prompt is empty: the text begins a line'
done
lks generate chars --length 5 --beam 2
must_succeed
[ "$(LC_ALL=C.UTF-8 wc -m <out)" -le 6 ] || fail 'the line before is written'

# refused STATUS TEXT WORD…
refused() {
    wanted=$1
    says=$2
    shift 2
    lks generate "$@"
    must_fail "$wanted"
    one_line 'lockstep: error: ' "$says"
    nothing_is_left
}
for ranks in 1 2; do
    refused 2 "--prompt: 'X' is none of the 20 characters of the text that the model was trained on" chars --length 5 --prompt dieX --ranks $ranks
done
printf 'die Q' >unknown
refused 2 "unknown: 'Q' is none of the" chars --length 5 --prompt-file unknown
refused 1 "--prompt, line 1: byte 0xff at offset 1 is not UTF-8" chars --length 5 --prompt "$(printf 'd\377')"
refused 1 'nothere: No such file' chars --length 5 --prompt-file nothere
refused 2 'say how much: --length N' chars
refused 2 '--length 0: give a whole number from 1' chars --length 0
refused 2 '--beam 0: give a whole number from 1' chars --length 5 --beam 0
refused 2 'a beam of width 100000: give 1 to 65536' chars --length 5 --prompt d --beam 100000
refused 2 '--temperature hot: give a number from 0' chars --length 5 --temperature hot
refused 2 '--top-p 2: give a number from 0 to 1' chars --length 5 --top-p 2
refused 2 '--seed -1: give a whole number from 0' chars --length 5 --seed -1
refused 2 '--prompt and --prompt-file are two prompts' chars --length 5 --prompt d --prompt-file greedy
refused 2 'leave one out' chars --length 5 --beam 2 --seed 1

# A run of other data, one without its vocabulary, and one with another's.
lenet_job
lks run job.yaml --ranks 1 --run-dir images --set train.steps=1
must_succeed
refused 2 'images is no language model: that was trained on data.format text, it on idx' images --length 5
cp -r chars bare
rm bare/trained_on.json
refused 2 'bare has no vocabulary: its trained_on.json is missing' bare --length 5
cp words/trained_on.json bare
refused 2 'bare: the vocabulary has 14 tokens, the model gives 20' bare --length 5 --prompt die
nothing_is_left
