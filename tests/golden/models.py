#!/usr/bin/env python3
"""Outputs and gradients of small nn.Sequential models, one for each way a layer's options go.

    /usr/bin/python3 tests/golden/models.py [NAME…]

Made with torch 1.13.1, those from smooth on with 2.15, float32. For each model writes into tests/golden/models/:

    NAME.safetensors       its weights
    NAME_case.safetensors  input x, output y, a cotangent, and the gradients of
                           sum(y * cotangent) as grad.x and grad.<parameter>
"""
import math
import pathlib
import sys

import torch
from torch import nn

import write_safetensors


def mixed(*activations):
    """Each behind a product, so that none sees what another has squashed alone."""
    return [layer for activation in activations for layer in (nn.Linear(6, 6), activation)]


def steps(kind, *sizes, **options):
    """A recurrent layer of samples (T, features) that gives its first output alone."""
    class Steps(kind):
        def forward(self, x):
            return super().forward(x)[0]
    return Steps(*sizes, batch_first=True, **options)


def state(kind, *sizes, **options):
    """Its last states alone, of each sample (layers and directions, hidden)."""
    class State(kind):
        def forward(self, x):
            return super().forward(x)[1].transpose(0, 1)
    return State(*sizes, batch_first=True, **options)


class Last(nn.Module):
    def forward(self, x):
        return x[:, -1]


class Attention(nn.MultiheadAttention):
    """To itself, with what is behind a place left out; its output alone."""

    def forward(self, x):
        mask = torch.ones((x.shape[1],) * 2, dtype=torch.bool).triu(1)
        return super().forward(x, x, x, attn_mask=mask)[0]


class Attend(nn.Sequential):
    """The last one from the inputs to what the first two make of them."""

    def forward(self, x):
        return self[2](x, self[0](x), self[1](x))[0]


class AttendPair(nn.Sequential):
    def forward(self, x):
        y = self[0](x)
        return self[1](x, y, y)[0]


class Encoder(nn.TransformerEncoderLayer):
    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return super().forward(x, src_mask=mask)


class Decode(nn.Sequential):
    """What the first makes of the inputs is what the others attend to."""

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        memory = self[0](x)
        return self[2](self[1](x, memory, tgt_mask=mask), memory)


class Positions(nn.Module):
    """Sines and cosines, as PyTorch's tutorials have them."""

    def forward(self, x):
        length, width = x.shape[1:]
        place = torch.arange(length).unsqueeze(1)
        rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        table = torch.zeros(length, width)
        table[:, 0::2] = torch.sin(place * rate)
        table[:, 1::2] = torch.cos(place * rate)[:, :width // 2]
        return x + table


class Learned(nn.Module):
    def __init__(self, length, width):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(length, width))

    def forward(self, x):
        return x + self.weight[:x.shape[1]]


FIRST = {"batch_first": True}
OUT = pathlib.Path(__file__).parent / "models"
MODELS = {
    "conv": ((3, 2, 9, 8), nn.Conv2d(2, 4, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2),
                                     groups=2, bias=False),
             nn.Tanh(), nn.MaxPool2d(2, stride=1, padding=1), nn.Flatten(), nn.Linear(168, 5),
             nn.LogSoftmax(dim=1)),
    "pool": ((2, 3, 11, 10), nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(),
             nn.MaxPool2d((3, 2), dilation=(1, 2)), nn.Conv2d(5, 2, (2, 1)), nn.Sigmoid(),
             nn.MaxPool2d(2), nn.Flatten()),
    "dense": ((5, 7), nn.Linear(7, 6, bias=False), nn.Sigmoid(), nn.Dropout(), nn.Linear(6, 4),
              nn.Softmax(dim=-1)),
    "last_dim": ((2, 3, 5, 4), nn.Linear(4, 6), nn.Flatten(2, 3), nn.Softmax(dim=2),
                 nn.Flatten(start_dim=1, end_dim=-1), nn.ReLU()),
    "line": ((2, 4, 12), nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2),
             nn.GroupNorm(3, 6, eps=0.1), nn.LeakyReLU(0.2), nn.MaxPool1d(3, stride=2, padding=1, ceil_mode=True),
             nn.ConvTranspose1d(6, 4, 3, stride=2, padding=1, output_padding=1, groups=2, bias=False, dilation=2),
             nn.AvgPool1d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False),
             nn.AdaptiveAvgPool1d(2), nn.LayerNorm(2)),
    "windows": ((2, 2, 6, 7), nn.ConvTranspose2d(2, 3, (2, 3), stride=(1, 2), padding=(1, 0), output_padding=(0, 1)),
                nn.Identity(), nn.LeakyReLU(), nn.AvgPool2d((3, 2), padding=(1, 0), divisor_override=5),
                nn.GroupNorm(1, 3, affine=False), nn.MaxPool2d(2, stride=1, ceil_mode=True),
                nn.AdaptiveMaxPool2d((2, 5)), nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(),
                nn.LayerNorm(12, eps=0.1, elementwise_affine=False)),
    "smooth": ((4, 6), *mixed(nn.ELU(0.7), nn.SELU(), nn.CELU(0.8), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.Mish())),
    "soft": ((4, 6), *mixed(nn.Softplus(2, 3), nn.Softsign(), nn.LogSigmoid(), nn.Tanhshrink(), nn.Softshrink(0.2),
                            nn.Softmin(dim=1), nn.PReLU())),
    "hard": ((4, 6), *mixed(nn.Hardshrink(0.3), nn.Hardsigmoid(), nn.Hardswish(), nn.Hardtanh(-0.5, 0.8), nn.ReLU6(),
                            nn.Threshold(0.1, -0.3), nn.PReLU(6))),
    "images": ((2, 8, 4, 3), nn.PixelShuffle(2), nn.InstanceNorm2d(2, affine=True),
               nn.LocalResponseNorm(2, 0.3, 0.5, 1.5), nn.Upsample(scale_factor=1.5, mode="bilinear"), nn.Dropout2d(),
               nn.Upsample((5, 7), mode="bicubic", align_corners=True), nn.Upsample(4), nn.LayerNorm((4, 4), bias=False),
               nn.Unflatten(1, (2, 1))),
    "sequence": ((2, 4, 6), nn.InstanceNorm1d(4, eps=0.1), nn.Upsample(scale_factor=2, mode="linear"), nn.Dropout1d(),
                 nn.LayerNorm((4, 12), elementwise_affine=False), nn.Unflatten(2, (3, -1)), nn.Flatten(-2)),
    "lstm": ((3, 5, 4), steps(nn.LSTM, 4, 6, num_layers=2, dropout=0.5, bidirectional=True, proj_size=3),
             steps(nn.LSTM, 6, 5, bias=False), nn.Linear(5, 4)),
    "gru": ((3, 5, 4), state(nn.GRU, 4, 6, num_layers=2, bidirectional=True), nn.Flatten(), nn.Linear(24, 3)),
    "rnn": ((3, 5, 4), steps(nn.RNN, 4, 6, num_layers=2, nonlinearity="relu"),
            steps(nn.RNN, 6, 5, bias=False, bidirectional=True), Last(), nn.Linear(10, 3)),
    "attention": ((2, 5, 6), Positions(), Attention(6, 2, 0.5, **FIRST), Learned(7, 6),
                  Attention(6, 3, bias=False, add_bias_kv=True, add_zero_attn=True, **FIRST)),
    "attend": ((2, 4, 6), Attend(nn.Linear(6, 3), nn.Linear(6, 5),
                                 nn.MultiheadAttention(6, 2, kdim=3, vdim=5, **FIRST))),
    "attend_pair": ((2, 4, 6), AttendPair(nn.Linear(6, 6), nn.MultiheadAttention(6, 2, add_bias_kv=True, **FIRST))),
    "encoder": ((2, 4, 6), Encoder(6, 2, 5, activation="gelu", norm_first=True, **FIRST),
                nn.TransformerEncoderLayer(6, 3, 4, layer_norm_eps=0.1, bias=False, **FIRST), Positions(),
                nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 1, 7, **FIRST), 2, nn.LayerNorm(6))),
    "decoder": ((2, 4, 6), Decode(nn.Linear(6, 6), nn.TransformerDecoderLayer(6, 2, 5, **FIRST),
                                  nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 3, 4, norm_first=True, **FIRST),
                                                        2, nn.LayerNorm(6)))),
}


def main():
    torch.manual_seed(0)
    OUT.mkdir(exist_ok=True)
    for name in sys.argv[1:] or MODELS:
        size, *layers = MODELS[name]
        whole = isinstance(layers[0], nn.Sequential)
        model = (layers[0] if whole else nn.Sequential(*layers)).eval()
        for param in model.parameters():
            nn.init.normal_(param, std=0.5)
        x = torch.randn(size, requires_grad=True)
        y = model(x)
        cotangent = torch.randn(y.shape)
        y.backward(cotangent)
        case = {"x": x, "y": y, "cotangent": cotangent, "grad.x": x.grad}
        case.update({f"grad.{k}": p.grad for k, p in model.named_parameters()})
        for suffix, arrays in (("", model.state_dict()), ("_case", case)):
            write_safetensors.save(OUT / f"{name}{suffix}.safetensors",
                                  {k: v.detach().numpy() for k, v in arrays.items()})
        print(name, tuple(y.shape))


if __name__ == "__main__":
    main()
