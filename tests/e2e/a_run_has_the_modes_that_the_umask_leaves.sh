#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Files 0666 and folders 0777 less the umask, the status socket 0600 whatever it is. A umask that would keep the
# person out of their own run is told in one line, and leaves nothing.

long_job
# mode_of FILE is MODE
mode() { [ "$(stat -c %a "run/$1")" = "$2" ] || fail "umask $mask: $1 has mode $(stat -c %a "run/$1"), not $2"; }
while read -r mask folders files; do
    umask "$mask"
    start_run job.yaml --ranks 2 --run-dir run --set train.lanes=8
    within 20 has_begun || fail "umask $mask: the run does not begin: $(cat run.err)"
    mode status.sock 600
    kill -INT "$run"
    wait_run
    must_fail 130
    lks run job.yaml --ranks 2 --run-dir run/finished --set train.steps=1
    must_succeed
    mv run/finished/model.safetensors run
    for folder in . logs; do mode $folder "$folders"; done
    for file in job.yaml metrics.jsonl model.safetensors logs/mpirun.log logs/rank-0.log logs/rank-1.log; do
        mode $file "$files"
    done
    rm -rf run
done <<LIST
000 777 666
022 755 644
077 700 600
LIST
umask 0777
for run in run a/b/run; do
    lks run job.yaml --ranks 2 --run-dir $run --set train.steps=1
    chmod 600 out err
    must_fail 1
    one_line 'lockstep: error: ' 'umask'
    rm -f out err
    [ ! -e run ] && [ ! -e a ] || fail "left: $(find . -name run -o -name a)"
done
