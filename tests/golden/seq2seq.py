#!/usr/bin/env python3
"""Outputs and gradients of the named model seq2seq, written as an nn.Module with the same submodules.

    tests/golden/seq2seq.py

Made with torch 2.15, float32. For each case writes into tests/golden/models/, as models.py does:

    NAME.safetensors       its weights
    NAME_case.safetensors  source, lengths, inputs, output y, a cotangent, and the gradients of
                           sum(y * cotangent) as grad.<parameter>
"""
import torch
from torch import nn

import models
import write_safetensors


class Encoder(nn.Module):
    def __init__(self, cell, vocabulary, dim, hidden, layers, both):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, dim)
        self.rnn = cell(dim, hidden, layers, batch_first=True, bidirectional=both)

    def forward(self, source, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(source), lengths, batch_first=True,
                                                   enforce_sorted=False)
        y, last = self.rnn(packed)
        y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=source.shape[1])
        return y, last


class Attention(nn.Module):
    def __init__(self, kind, width, hidden):
        super().__init__()
        self.kind = kind
        if kind == "additive":
            self.query = nn.Linear(hidden, hidden, bias=False)
        self.key = nn.Linear(width, hidden, bias=False)
        if kind == "additive":
            self.v = nn.Parameter(torch.empty(hidden))

    def forward(self, q, values, present):
        keys = self.key(values)
        if self.kind == "additive":
            scores = torch.tanh(self.query(q)[:, :, None] + keys[:, None]) @ self.v
        else:
            scores = q @ keys.mT / keys.shape[-1] ** 0.5
        return scores.masked_fill(~present[:, None], -torch.inf).softmax(-1) @ values


class Decoder(nn.Module):
    def __init__(self, cell, vocabulary, dim, hidden, layers, width):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, dim)
        self.rnn = cell(dim, hidden, batch_first=True)
        if layers > 1:
            self.upper = cell(hidden + width, hidden, layers - 1, batch_first=True)


class Seq2Seq(nn.Module):
    def __init__(self, cell, attention, sizes, dim, hidden, layers, both, tied):
        super().__init__()
        width = hidden * (2 if both else 1)
        self.encoder = Encoder(cell, sizes[0], dim, hidden, layers, both)
        self.bridge = nn.ModuleDict({part: nn.Linear(width, hidden) for part in ("h", "c")[:1 + (cell is nn.LSTM)]})
        self.attention = attention != "none" and Attention(attention, width, hidden)
        width = width if self.attention else 0
        self.decoder = Decoder(cell, sizes[1], dim, hidden, layers, width)
        self.readout = nn.Linear(hidden + width + dim, dim)
        self.output = nn.Linear(dim, sizes[1])
        if tied:
            self.output.weight = self.decoder.embedding.weight

    def bridged(self, last):
        """Of both directions (layers * directions, N, H) to (layers, N, H), and the same of an LSTM's cells."""
        def project(part, x):
            layers = self.encoder.rnn.num_layers
            return self.bridge[part](x.unflatten(0, (layers, -1)).transpose(1, 2).flatten(2))
        if isinstance(last, tuple):
            return torch.tanh(project("h", last[0])), project("c", last[1])
        return torch.tanh(project("h", last))

    def forward(self, source, lengths, inputs):
        values, last = self.encoder(source, lengths)
        state = self.bridged(last)
        def part(first, end):
            return tuple(s[first:end] for s in state) if isinstance(state, tuple) else state[first:end]
        e = self.decoder.embedding(inputs)
        top, _ = self.decoder.rnn(e, part(0, 1))
        context = []
        if self.attention:
            context = [self.attention(top, values, torch.arange(source.shape[1]) < lengths[:, None])]
        if self.encoder.rnn.num_layers > 1:
            top, _ = self.decoder.upper(torch.cat([top, *context], -1), part(1, None))
        return self.output(torch.tanh(self.readout(torch.cat([top, *context, e], -1))))


CASES = {
    "seq2seq_gru": (nn.GRU, "additive", (7, 6), 4, 5, 3, True, True),
    "seq2seq_lstm": (nn.LSTM, "dot", (7, 6), 4, 3, 2, False, False),
    "seq2seq_plain": (nn.LSTM, "none", (7, 6), 3, 4, 1, True, True),
}


def main():
    torch.manual_seed(0)
    for name, case in CASES.items():
        model = Seq2Seq(*case)
        for param in model.parameters():
            nn.init.normal_(param, std=0.5)
        source, lengths = torch.randint(7, (3, 5)), torch.tensor([3, 5, 1])
        inputs = torch.randint(6, (3, 4))
        y = model(source, lengths, inputs)
        cotangent = torch.randn(y.shape)
        y.backward(cotangent)
        weights = {f"0.{k}": p for k, p in model.named_parameters()}
        case = {"source": source, "lengths": lengths, "inputs": inputs, "y": y, "cotangent": cotangent}
        case.update({f"grad.{k}": p.grad for k, p in weights.items()})
        for suffix, arrays in (("", weights), ("_case", case)):
            write_safetensors.save(models.OUT / f"{name}{suffix}.safetensors",
                                  {k: v.detach().numpy() for k, v in arrays.items()})
        print(name, tuple(y.shape))


if __name__ == "__main__":
    main()
