#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# What a strange socket, a file's name or a rank says cannot act on the terminal or look like a line of ours.

escape=$(printf '\033')
# harmless FILE…: no control byte, no C1 control, no change of direction; no forged line.
harmless() {
    for file; do
        ! LC_ALL=C tr -d '\n' <"$file" | LC_ALL=C grep -q '[[:cntrl:]]' || fail "control bytes: $(cat -v "$file")"
        ! LC_ALL=C grep -q "$(printf '\302\233')\|$(printf '\342\200\256')" "$file" || fail "$(cat -v "$file")"
        ! grep -q '^lockstep: error: forged' "$file" || fail "a forged line: $(cat -v "$file")"
    done
}

env "$MARK" "$E2E_TOOLS/e2e_stranger" socket &
stranger=$!
within 5 test -S socket
for words in 'status --socket socket' 'status --json --socket socket'; do
    lks $words
    must_succeed
    says 'x'
    harmless out err
done
status=0
timeout 3 env "$MARK" "$LOCKSTEP" watch --socket socket >out 2>err || status=$?
must_fail 124
says '?[2J?31m x?lockstep: error: forged'
harmless out err
kill "$stranger"

# Names of files, of the run and of the hosts, in errors and elsewhere.
name="a${escape}[2Jb
lockstep: error: forged"
echo "bogus${escape}[2J: 1" >"$name.yaml"
for words in check run; do
    lks "$words" "$name.yaml"
    must_fail 2
    one_line 'a?[2Jb?lockstep: error: forged.yaml'
    harmless err
done
long_job
mv job.yaml "$name.yaml"
lks status "$name"
must_fail 1
harmless err
lks "$name"
must_fail 2
harmless err
lks run "$name.yaml" --ranks 1 --run-dir "$name" --set train.steps=5
must_succeed
says 'a?[2Jb?lockstep: error: forged'
harmless out err

# Names of classes that are not UTF-8, in a run's directory whose name is not: JSON is valid, and read again.
latin=$(printf 'caf\351')
for i in 1 2 3 4 5 6; do
    printf '%d,%s\n%d,b\302\233\n' $i "$latin" $((i + 10))
done >classes.csv
cat >classes.yaml <<EOF
job: classes
data: {format: csv, header: none, train: classes.csv, test: classes.csv, target: 1}
model: [{linear: {out_features: 2}}]
loss: cross_entropy
optimizer: sgd
train: {steps: 1, batch_size: 12, lanes: 1}
EOF
lks run classes.yaml --ranks 1 --run-dir "$latin"
must_succeed
# is_json FILE: each of its lines, or the whole.
is_json() {
    python3 -c 'import json, sys
text = open(sys.argv[1], encoding="utf-8").read()
for one in [text] if text.startswith("{\n") else text.splitlines():
    json.loads(one)' "$1" 2>json.err || fail "$1 is no JSON: $(cat -v "$1" json.err)"
}
is_json "$latin/evaluation.json"
lks evaluate "$latin" --json
must_succeed
is_json out
harmless out
says '"run": "caf?"'
lks predict "$latin" --split test
must_succeed
is_json out
harmless out
lks status "$latin"
must_succeed
says 'caf?  '
lks status "$latin" --json
must_succeed
is_json out
says '"name": "caf?"'

# What a rank says on standard error.
with_mpirun "printf 'lockstep: warn: \033[2J\233x\n' >&2; printf 'lockstep: error: rank 0: \033]0;t\007 \302\233\n' >&2; exit 1"
lks run "$name.yaml" --ranks 1 --run-dir run
must_fail 1
says 'lockstep: warn: ?[2J?x' err
says 'lockstep: error: rank 0: ?]0;t? ?' err
harmless err
