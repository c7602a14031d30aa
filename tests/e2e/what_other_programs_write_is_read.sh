#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# Files as other programs leave them: gzip data padded with zeros, JSON with a character beyond U+FFFF in two escapes.

lenet_job
images=$(printf 'im\360\237\230\200.gz')
{ cat $DATA/t10k-images-idx3-ubyte.gz; head -c 10240 /dev/zero; } >"$images"
{ cat $DATA/t10k-labels-idx1-ubyte.gz; head -c 1 /dev/zero; } >labels.gz
cat >job.json <<'EOF'
	{
	"job": "from-json",
	"data": {"format": "idx", "train": {"images": "im\ud83d\ude00.gz", "labels": ".\/labels.gz"}},
	"model": ["flatten", {"linear": {"out_features": 10}}],
	"loss": "cross_entropy",
	"optimizer": {"sgd": {"lr": 1e-05}},
	"train": {"steps": 2, "batch_size": 8}
	}
	
EOF
lks check job.json
must_succeed
lks run job.json --ranks 2 --run-dir run
must_succeed

sed 's/\\ude00//' job.json >half.json
for command in 'check' 'run --ranks 2 --run-dir second'; do
    lks $command half.json
    must_fail 2
    one_line 'lockstep: error: half.json:3:51: a lone surrogate'
done

printf x >>labels.gz
for command in 'check' 'run --ranks 2 --run-dir second'; do
    lks $command job.json
    must_fail 1
    one_line 'lockstep: error: ' labels.gz 'gzip data'
done
[ ! -e second ] || fail "a run directory is left"
