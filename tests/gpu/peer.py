#!/usr/bin/env python3
"""PyTorch on one GPU beside tests/bench/jobs: the same models, loss, optimiser and batches of the same images.

    peer.py lenet|mlp|vgg11 [--batch N] [--steps N] [--warmup N] [--tf32] [--data FOLDER]     samples a second
    peer.py products [--data FOLDER]                                                      cuBLAS's time for products

Eager, torch.compile off. The images lie on the GPU, which is more than Lockstep's loader has. Prints one JSON object.
"""
import argparse
import gzip
import json
import statistics
import time

import numpy
import torch
from torch import nn

# m, k, n: the benchmarks' linear layers, an LSTM's gates for one step and for all 35 at once, and one that is large.
PRODUCTS = [(64, 256, 120), (128, 784, 512), (1024, 784, 512), (4096, 784, 512), (64, 650, 2600), (2240, 650, 2600), (4096, 4096, 4096)]


def images(workload, folder):
    if workload == "vgg11":
        rows = torch.from_numpy(numpy.fromfile(f"{folder}/data_batch_1.bin", numpy.uint8).reshape(-1, 3073).copy()).cuda()
        return (rows[:, 1:].reshape(-1, 3, 32, 32) / 255 - 0.45) / 0.25, rows[:, 0].long()
    with gzip.open(f"{folder}/train-images-idx3-ubyte.gz") as f:
        x = numpy.frombuffer(f.read(), numpy.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(f"{folder}/train-labels-idx1-ubyte.gz") as f:
        y = numpy.frombuffer(f.read(), numpy.uint8, offset=8)
    x = (torch.from_numpy(x.astype(numpy.float32)) / 255 - 0.2860) / 0.3530
    return x.cuda(), torch.from_numpy(y.astype(numpy.int64)).cuda()


def vgg11():
    layers, channels = [], 3
    for width in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
        if width == "M":
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))


def model_of(workload):
    if workload == "vgg11":
        return vgg11()
    if workload == "mlp":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    return nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def train(args):
    torch.manual_seed(0)
    x, y = images(args.workload, args.data)
    model, loss_of = model_of(args.workload).cuda(), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    order = torch.randperm(len(x), device="cuda")
    start = 0.0
    for step in range(args.warmup + args.steps):
        if step == args.warmup:
            torch.cuda.synchronize()
            start = time.perf_counter()
        first = step * args.batch % (len(x) - args.batch + 1)
        chosen = order[first:first + args.batch]
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(x[chosen]), y[chosen])
        loss.backward()
        optimizer.step()
    torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    return {"workload": args.workload, "batch": args.batch, "step_us": 1e6 * seconds / args.steps,
            "samples_per_s": args.batch * args.steps / seconds, "loss": loss.item()}


def product_us(m, k, n, tf32):
    torch.backends.cuda.matmul.allow_tf32 = tf32
    a, b, c = torch.randn(m, k, device="cuda"), torch.randn(k, n, device="cuda"), torch.empty(m, n, device="cuda")
    graph, times, repeats = torch.cuda.CUDAGraph(), [], 16
    for _ in range(3):
        torch.mm(a, b, out=c)
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        for _ in range(repeats):
            torch.mm(a, b, out=c)
    for _ in range(12):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        times.append(1e3 * begin.elapsed_time(end) / repeats)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", choices=["lenet", "mlp", "vgg11", "products"])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--tf32", action="store_true")
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    args = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = args.tf32
    torch.backends.cudnn.allow_tf32 = args.tf32
    if args.workload == "products":
        out = {"products": [{"m": m, "k": k, "n": n, "fp32_us": product_us(m, k, n, False), "tf32_us": product_us(m, k, n, True)}
                            for m, k, n in PRODUCTS]}
    else:
        out = train(args)
    print(json.dumps({"torch": torch.__version__, "gpu": torch.cuda.get_device_name(), **out}))


if __name__ == "__main__":
    main()
