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

# What a rank says on standard error.
with_mpirun "printf 'lockstep: warn: \033[2J\233x\n' >&2; printf 'lockstep: error: rank 0: \033]0;t\007 \302\233\n' >&2; exit 1"
lks run "$name.yaml" --ranks 1 --run-dir run
must_fail 1
says 'lockstep: warn: ?[2J?x' err
says 'lockstep: error: rank 0: ?]0;t? ?' err
harmless err
