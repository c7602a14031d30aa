#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# bash and zsh complete commands, options and values from the command's own tables.

export PATH="$(dirname "$LOCKSTEP"):$PATH"
mkdir -p runs/cnn-1 runs/mlp-2 jobs
touch a.yaml b.yml c.json d.txt 'with space.yaml'

# completed WORD…: what bash offers for the last word, sorted, a line.
cat >complete.bash <<'EOF'
. <(lockstep completion bash) || exit 1
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_lockstep
printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' '
EOF
completed() { bash complete.bash lockstep "$@"; }

# offers WANTED WORD…
offers() {
    wanted=$1
    shift
    got=$(completed "$@")
    [ "$got" = "$wanted" ] || fail "'lockstep $*' is completed to '$got', not '$wanted'"
}
offers 'status' stat
offers 'check completion' c
offers '' zzz
offers '--run-dir' run job.yaml --run
offers '-n' run -n
offers 'a.yaml b.yml c.json jobs runs with space.yaml' run ''
offers 'with space.yaml' check w
offers 'cnn-1 jobs mlp-2 runs' status ''
offers 'cnn-1' watch cnn
offers '' run job.yaml --ranks ''
offers 'jobs runs' run job.yaml --run-dir ''
offers 'jobs' run job.yaml --run-dir = j
offers 'd.txt' run job.yaml --hostfile d
offers 'train.batch_size=' run job.yaml --set train.b
offers 'auto fast ordered' run job.yaml --set train.reduction =
offers 'ordered' run job.yaml --set train.reduction = o
offers 'false true' check a.yaml --set data.shuffle =
offers 'l1_loss' run job.yaml --set loss = l
offers '' run job.yaml --set train.epochs = 5
offers '' run job.yaml -- --m
offers 'cnn-1 jobs mlp-2 runs' evaluate ''
offers 'test train validation' evaluate cnn-1 --split ''
offers 'npy' predict cnn-1 --format = n
offers 'd.txt' predict cnn-1 --input d
offers 'bash zsh' completion ''
offers 'status' help s

# Every command and option that help tells of is offered, and no other.
"$LOCKSTEP" help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | sort >told
completed '' | tr ' ' '\n' | grep -v '^-' >offered
cmp -s told offered || fail "commands: $(paste -sd ' ' offered), not $(paste -sd ' ' told)"
while read -r command; do
    "$LOCKSTEP" help "$command" | sed -n 's/^  \(-[^ ,]*\)\(, \(-.\)\)\{0,1\}.*/\1 \3/p' | xargs -n 1 | sort >options
    completed "$command" - | xargs -n 1 | sort | cmp -s - options ||
        fail "$command has $(paste -sd ' ' options), offered is $(completed "$command" -)"
done <told

lks completion fish
must_fail 2
one_line "no completion for 'fish'"

# zsh, in a terminal: what a tab makes of a line.
command -v zsh >/dev/null || exit 0
zsh -n -c "$("$LOCKSTEP" completion zsh)" || fail "zsh does not read its script"
cat >complete.zsh <<'EOF'
zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell "PS1=; autoload -U compinit; compinit -u -D; . <(lockstep completion zsh)"
zpty -w shell 'lockstep() { print -r "made: $*." }'
zpty -n -w shell "lockstep $1"$'\t'$'\n'
zpty -w shell "exit"
zpty -r -m shell text '*never*' 2>/dev/null
print -r -- "$text"
EOF
zsh_makes() {
    timeout 20 zsh -f complete.zsh "$1" >zsh.out 2>&1 || true
    tr -d '\r' <zsh.out | grep -qxF -- "made: $2." || fail "zsh does not make '$2' of '$1'"
}
zsh_makes 'stat' 'status'
zsh_makes 'run a.y' 'run a.yaml'
zsh_makes 'run a.yaml --run-d' 'run a.yaml --run-dir'
zsh_makes 'watch cn' 'watch cnn-1'
zsh_makes 'check --set train.batch' 'check --set train.batch_size='
zsh_makes 'check --set train.reduction=o' 'check --set train.reduction=ordered'
zsh_makes 'help che' 'help check'
zsh_makes 'completion z' 'completion zsh'
