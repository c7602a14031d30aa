#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Every mistake is one line and exit status 2; help and version are none.

lenet_job
refused() {
    says=$1
    shift
    lks "$@"
    must_fail 2
    one_line 'lockstep: error: ' "$says"
    [ ! -e runs ] || fail "a run directory is left after: $*"
}
refused "unknown command 'rnu': did you mean run?" rnu
refused "unknown command 'frobnicate': the commands are run, status, watch, check, devices" frobnicate
refused "unknown command 'adamw'" adamw
refused "unknown option '--frob': the options are --ranks, --devices, --run-dir, --set" run job.yaml --frob
refused 'completion needs more' completion
refused "no completion for 'fish'" completion fish
refused "unknown option '--rank': did you mean --ranks?" run job.yaml --rank 2
refused 'give a whole number' run job.yaml --ranks none
refused 'give a whole number' run job.yaml --ranks 0
refused '--run-dir needs a value' run job.yaml --run-dir
refused 'run needs more' run
refused "unexpected argument 'second.yaml'" run job.yaml second.yaml
refused 'status takes nothing after --' status -- x
refused 'nothere.yaml' run nothere.yaml
refused 'nothere.yaml' check nothere.yaml
refused '--set' run job.yaml --set train.batch_size
refused 'did you mean' run job.yaml --set train.bach_size=3
refused 'evaluate needs more' evaluate
refused 'predict needs more' predict
refused "unknown option '--device': did you mean --devices?" evaluate run --device cpu
lks
must_fail 2
for words in help --help -h --version 'help run' 'run --help' 'help status' 'watch -h' 'completion bash' 'completion zsh'; do
    lks $words
    must_succeed
    [ -s out ] && [ ! -s err ] || fail "$words"
done

# The worker's own.
escape=$(printf '\033')
for words in "--rnu-dir=x${escape}[2J" '-x' '--set' '--check=1'; do
    status=0
    "$(dirname "$LOCKSTEP")/lockstep-worker" "$words" >out 2>err || status=$?
    must_fail 2
    [ "$(grep -c '^lockstep-worker: ' err)" -eq 1 ] && ! grep -q "$escape" err || fail "$(cat -v err)"
done
"$(dirname "$LOCKSTEP")/lockstep-worker" --rnu-dir 2>err || true
says "there is no option '--rnu-dir': did you mean --run-dir?" err

# Help fits the screen, breaking between words only.
for columns in 40 60 80 200; do
    for words in help 'help run' 'help status' 'help watch' 'help check' 'help devices' 'help evaluate' 'help predict' 'help completion'; do
        COLUMNS=$columns lks $words
        must_succeed
        longest=$(widest <out)
        [ "$longest" -le "$columns" ] || fail "$words has a line of $longest columns in $columns"
        tr -s ' \n' '\n\n' <out >>"words-$columns"
    done
    cmp "words-$columns" words-40 || fail "help breaks words"
done
