#!/bin/sh
. "${E2E_LIB:-$(dirname "$0")/lib.sh}"
# A run's job.yaml to the reader of YAML 1.1 that most have: numbers are numbers, texts are texts, whatever they look like.

for python in /usr/bin/python3 python3 none; do
    "$python" -c 'import yaml' 2>/dev/null && break
done
[ $python != none ] || {
    echo "skipped: Debian's python3-yaml is not installed"
    exit 77
}

lenet_job
sed -i 's/^seed: .*/seed: 18446744073709551615/' job.yaml
mkdir data "$(printf 'data/\360\237\230\200')"
gunzip -c $DATA/t10k-images-idx3-ubyte.gz >images
gunzip -c $DATA/t10k-labels-idx1-ubyte.gz >labels
for images in 1e3 2026-11-28 0x1f 1:30 '~' '<<' = 'a: b #c' "it's" 'q"\q' "$(printf 'tab\there')" \
    "$(printf '\303\251\360\237\230\200')" "$(printf 'i\351 %%41')" .inf; do
    for job in no 0123 1.5; do
        cp images "data/$images"
        cp labels data/null
        rm -rf run
        status=0
        env "$MARK" "$(dirname "$LOCKSTEP")/lockstep-worker" --run-dir run job.yaml --set data.root=data \
            --set data.train.images="\"$(printf %s "$images" | sed 's/["\\]/\\&/g')\"" --set 'data.train.labels="null"' \
            --set train.steps=1 --set job="$job" \
            --set 'loss={type: cross_entropy, label_smoothing: 1e-05, weight: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1e22]}' \
            --set 'optimizer={adam: {lr: 1e-05, betas: [0, 0.999], weight_decay: 1e22}}' >out 2>err || status=$?
        must_succeed
        "$python" - "$job" "$images" <<'EOF' || fail "PyYAML reads another job"
import os, sys, urllib.parse, yaml

job, images = sys.argv[1], os.fsencode(sys.argv[2])
want = {"job": job, "seed": 2**64 - 1,
        "loss": {"cross_entropy": {"weight": [1.0] * 9 + [1e22], "ignore_index": -100, "label_smoothing": 1e-05,
                                   "reduction": "mean"}},
        "optimizer": {"adam": {"lr": 1e-05, "betas": [0.0, 0.999], "eps": 1e-08, "weight_decay": 1e22,
                               "amsgrad": False, "l1": 0.0, "maximize": False}}}
for loader in {yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)}:
    read = yaml.load(open("run/job.yaml", encoding="utf-8"), loader)
    for key, value in want.items():
        if read[key] != value:
            sys.exit(f"{key}: {read[key]!r}, not {value!r}")
    numbers = [v for v in read["optimizer"]["adam"].values() if not isinstance(v, (list, bool))]
    if not all(isinstance(v, float) for v in numbers + read["data"]["normalize"]["mean"]):
        sys.exit(f"not all are numbers: {numbers}")
    file = read["data"]["train"]["images"]
    if not isinstance(file, str) or read["data"]["train"]["labels"] != "null":
        sys.exit(f"{read['data']['train']!r}")
    file = urllib.parse.unquote_to_bytes(file[5:]) if file.startswith("file:") else os.fsencode(file)
    if file != images:
        sys.exit(f"images: {file!r}, not {images!r}")
EOF
        case $images in 1e3) ;; *) break ;; esac # every name with one file, every file with one name
    done
done
