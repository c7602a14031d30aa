"""The jobs that trials run: small models on Fashion-MNIST's 10,000 test images, each over in a second or three.

Each has a phase in which it spends most of its time, so that a moment in it is easily hit."""
from typing import NamedTuple

DATA = "/usr/share/datasets/fashion-mnist"

TEMPLATE = """job: {name}
seed: 3
data:
  format: idx
  root: {data}
  train: {{images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}}
{test}model: [{model}]
loss: cross_entropy
optimizer: {{sgd: {{lr: 0.01}}}}
train: {{{length}, batch_size: {batch}, lanes: {lanes}, threads_per_rank: 1}}
report: {{every_steps: {every}}}
"""
TEST = "  test: {images: t10k-images-idx3-ubyte.gz, labels: t10k-labels-idx1-ubyte.gz}\n"


class Job(NamedTuple):
    name: str
    model: str
    length: str
    batch: int
    every: int
    is_evaluated: bool = False
    save_s: float = 0.0     # what writing the weights may add to a time that is promised

    def text(self, lanes):
        return TEMPLATE.format(name=self.name, data=DATA, test=TEST if self.is_evaluated else "",
                               model=self.model, length=self.length, batch=self.batch, lanes=lanes,
                               every=self.every)


MLP = "flatten, linear: {out_features: 64}, relu, linear: {out_features: 10}"
WIDE = ("flatten, linear: {out_features: 5000}, relu, linear: {out_features: 5000}, relu, "
        "linear: {out_features: 10}")

JOBS = {job.name: job for job in (
    #    name         model  length           batch  every
    Job("steps",      MLP,   "steps: 8000",      64,    20),            # trains
    Job("chatty",     MLP,   "steps: 4000",      32,     1),            # prints and logs each step
    Job("evaluated",  MLP,   "epochs: 80",     2000,     1, True),      # evaluates after every fifth step
    Job("short",      MLP,   "steps: 20",        64,     5),            # starts and ends
    Job("wide",       WIDE,  "steps: 2",         16,     1, save_s=5),  # saves: 116 MB of weights
)}
