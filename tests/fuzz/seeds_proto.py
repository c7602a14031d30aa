#!/usr/bin/env python3
"""First inputs for the fuzz targets of what crosses a wire.

    tests/fuzz/seeds_proto.py          writes tests/fuzz/corpus/{frame,job}
"""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def put(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def fixed64(field, value):
    return varint(field << 3 | 1) + value


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def frame(body):
    return struct.pack("<I", len(body)) + body


challenge = text(7, number(1, 2) + text(2, bytes(range(32))))
hello = text(1, number(2, 2) + text(3, b"0.1.0") + number(4, 1) + number(5, 2) + text(6, b"node1")
             + number(7, 4242) + text(8, b"cpu:0") + fixed64(9, b"12345678") + number(10, 60000) + text(11, b"avx2") + text(13, bytes(range(32, 64))) + text(14, bytes(32)))
welcome = text(2, number(1, 2) + number(2, 8) + number(4, 4) + number(5, 1000) + text(6, bytes(32)))
heartbeat = text(3, number(1, 77) + number(2, 4) + fixed64(3, struct.pack("<d", 1.5)) + number(4, 1 << 27)
                 + text(6, fixed64(1, struct.pack("<d", 0.1))))
progress = text(4, number(1, 50) + fixed64(5, struct.pack("<d", 0.25)) + fixed64(8, b"abcdefgh") + number(11, 1))
put("frame", "hello", b"\0" + frame(hello))
put("frame", "hello-1", b"\0" + frame(text(1, text(1, bytes(32)) + number(2, 1) + text(3, b"0.1.0"))))
put("frame", "handshake", b"\1" + frame(challenge) + frame(hello) + frame(welcome))
put("frame", "short-nonce", b"\0" + frame(text(7, number(1, 2) + text(2, b"x"))))
put("frame", "welcome", b"\1" + frame(welcome))
put("frame", "talk", b"\3" + frame(hello) + frame(heartbeat) + frame(progress)
    + frame(text(5, number(1, 1))) + frame(text(6, number(1, 4) + text(2, b"disk full"))))
put("frame", "length-zero", b"\0" + frame(heartbeat) + bytes(4))
put("frame", "length-huge", b"\0" + frame(heartbeat) + b"\xff" * 4)
put("frame", "cut", b"\5" + frame(hello)[:-3])
put("frame", "no-body", b"\0" + frame(number(15, 1)))
put("frame", "two-bodies", b"\0" + frame(text(5, number(1, 1)) + text(6, text(2, b"x")) + heartbeat + hello))
put("frame", "same-body-twice", b"\0" + frame(hello + hello))
put("frame", "unknown-fields", b"\7" + frame(heartbeat + text(90, b"later") + number(91, 1 << 63)))

JOB = b"""job: fashion-cnn
seed: 7
data:
  format: idx
  train: {images: a.gz, labels: b.gz}
  test: {images: c.gz, labels: d.gz}
  root: /data
  normalize: {mean: [0.25], std: [0.5]}
  shuffle: false
  drop_last: true
model:
  - conv2d: {out_channels: 6, kernel_size: [5, 3]}
  - relu
  - max_pool2d: {kernel_size: 2}
  - dropout: {p: 0.25}
  - flatten:
  - linear:
      out_features: 10
      bias: false
loss: cross_entropy
optimizer: {sgd: {lr: 0.01, momentum: 0.9, nesterov: true}}
train:
  epochs: 3
  batch_size: 64
  lanes: 8
  threads_per_rank: 2
  reduction: fast
  init: /start.safetensors
report: {every_steps: 20}
checkpoint: {every_steps: 500, keep: 5}
"""
JSON = b"""{"job": "j", "data": {"format": "cifar10", "train": ["1.bin", "2 \\u00e9.bin"]},
"model": ["flatten", {"linear": {"out_features": 10}}, "softmax"], "loss": "mse_loss",
"optimizer": "adam", "train": {"steps": 9, "batch_size": 8, "lanes": "auto"}}"""
put("job", "all", JOB)
put("job", "json", JSON)
put("job", "set", JOB + b"\0train.steps=100\0optimizer={adam: {betas: [0.5, 0.9]}}\0model.1=tanh\0data.test=")
put("job", "set-deep", JSON + b"\0optimizer.adam.lr=1e-5\0model.0.flatten.start_dim=-1\0data.normalize.mean=1"
                              b"\0data.normalize.std=[2]")
put("job", "unknown-key", JOB.replace(b"optimizer", b"optimiser"))
put("job", "surrogates", JSON.replace(b"2 \\u00e9", b"\\ud83d\\ude00\\/\\udbff\\udfff"))
put("job", "surrogates-outside-quotes", JOB.replace(b"/data", b"'\\ud83d' # \"\\ud83d\\ude00\"").replace(b"a.gz", b"\\ude00"))
put("job", "lone-surrogate", JSON.replace(b"2 \\u00e9", b"\\ude00\\ud83d"))
put("job", "surrogates-and-no-yaml", JSON.replace(b"2 \\u00e9", b"\\ud83d\\ude00")[:-1])
put("job", "tabs-around-json", b"\t\n\t" + JSON.replace(b"\n", b"\n\t") + b"\t\n\t\n")
put("job", "path-uris", JOB.replace(b"/data", b"file:///d%E9j%e0").replace(b"a.gz", b"file:%FF%25").replace(
    b"/start.safetensors", b"file:x"))
put("job", "path-uri-broken", JOB.replace(b"/data", b"file:///d%4"))
put("job", "set-raw-bytes", JOB + b"\0data.root=d\xe9j\xe0\0data.train.images=\"\xff\\ud83d\\ude00\"\0job=0123")
put("job", "texts-like-numbers", JOB.replace(b"fashion-cnn", b"1e3").replace(b"a.gz", b"1:30").replace(
    b"b.gz", b"'~'").replace(b"/data", b"2026-11-28").replace(b"0.01", b"1e-5"))
put("job", "alias", b"job: &a x\nloss: *a\n")
put("job", "two-documents", JSON + b"\n---\nx: 1\n")
put("job", "quotes", JOB.replace(b"/data", b'"/d\\x7f \\u2028\\"\\\\ # \\U0001F600"').replace(b"a.gz", b"'it''s'"))
put("job", "block-text", JOB.replace(b"/data", b"|\n    two\n    lines") + b"# end\n...\n")
put("job", "deep", b"[" * 40)
put("job", "utf-16", "job: é\n".encode("utf-16"))
put("job", "tab", b"data:\n\troot: x\n")
put("job", "dotted-keys", JOB[:JOB.index(b"train:\n")] + b"train.epochs: 3\ntrain.batch_size: 64\n")
put("job", "dotted-key-and-no-section", JOB[:JOB.index(b"train:\n")] + b"train.batch_size: 64\n")
put("job", "empty-key", JOB[:JOB.index(b"train:\n")] + b'"": {train: {batch_size: 64}}\n')
put("job", "set-empty-key", JOB + b"\0.seed=5\0train.=5")
