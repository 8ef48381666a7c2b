#!/usr/bin/python3
"""Results of an independent implementation (PyTorch) that the tests compare this library with.

Run with Debian's python3-torch (made with 1.13):  /usr/bin/python3 tools/golden.py [FOLDER, default data/golden]
A second run writes the same files. Everything is computed in float64, on one thread. With --rounding it writes nothing
and prints how far PyTorch's float32 gradients of the first step are from its float64 ones: what no float can be held to.

Values. Weights and data come from one formula that needs no files and is exact; in 32-bit unsigned arithmetic
    u = i + 0x9E3779B9 * seed;  u ^= u >> 16;  u *= 0x7FEB352D;  u ^= u >> 15;  u *= 0x846CA68B;  u ^= u >> 16
    value[i] = offset + scale * (u / 2^31 - 1)                     i = 0, 1, ... in memory order; this line in double
Each tensor in the files says its shape, seed, scale and offset. (A hash, because sums over the values of a sine nearly
cancel, and what is left of them is then divided by its own size in batch norm.)

Memory order. Data is [batch][height][width][channel], weights of a convolution [ky][kx][channel in / groups][channel
out], of a dense layer [in][out]; flatten keeps height, width, channel. This script turns them into PyTorch's own order.

A tensor that is a result is not stored whole but as a digest:
    {"size": n, "norm": sqrt(sum y[i]^2), "probe": sum y[i] * cos(0.7 * i + 1), "at": {"index": value, ...}}
"norm" and "probe" see every value, and "probe" its place; "at" holds up to 6 values, evenly spread, for looking at.
What is below 1e-13 in size is rounding noise and stored as 0. "norm" and "probe" of noise mean nothing: compare with an
absolute tolerance.

Files.
tiny_reference.json: the reference network in small, trained.
    layers: a list in order; parameters: a list of {name, shape, seed, scale, offset, decay}, name = layer.weight or
    layer.bias; batch norms start with running_mean 0 and running_var 1, and have momentum 0.1, epsilon 1e-5.
    input, target: the same four samples at every step. Loss: mean of squared differences (l2).
    gradients_step_1: digest of the gradient of each parameter at the start, and of the input; gradient_norm: all
    parameters' together (without the input's).
    output_step_1: digest of the prediction at the start, in training mode.
    kink_margin: how far from 0 the nearest value before a ReLU is, and the smallest gap between the two largest values
    of a max-pool window above 0, at the start: float stays on the right side of both.
    runs: a list of {optimizer: {...}, loss: [11 values: before each of the ten steps, and after the last],
    gradient_norm: [10 values], parameters: {name: digest}, running: {name: digest}, output_infer: digest}: the state
    after ten steps and one more forward pass in training mode (that of the last loss), and then the prediction in
    inference mode. Weight decay holds for parameters whose decay is true. In float32 PyTorch itself differs from these
    numbers by at most 1e-6 (losses) and 5e-6 (gradient norms), relative.
dag.json: a network that is no chain; nodes: a list of {name, op, inputs, ...}, "input" is the input, the last node the
    output. All convolutions and the dense layer have a bias; a convolution's pad is on every side. One forward pass in
    training mode and one backward pass of the l2 loss: activations (of every node), output, loss, gradients (with
    "input"). The gradient of point.bias is 0: batch norm takes it away.
layers.json: single layers; cases: a list of {op, options, input, y, dy, gradients}, a second input for multiply, and
    the layer's parameters by name (weight and bias for conv2d). Output y for the input, and the gradients of
    sum(y * dy) with respect to inputs and parameters. A convolution's pad is a number of pixels on every side, or
    "same": output = ceil(input / stride), the odd pixel of padding at the bottom and right. Pools leave out windows
    that would reach beyond the image.
losses.json: losses of batches; cases: a list of {loss, batch, options, output, truth, weights, value, gradients}: the
    value, and its gradients by "output" (a detector has three) and, of likelihoods, "scales". The output is the
    described one or, where an error is, truth + error. Weights below 0 in the formula are 0; without weights all are 1.
    tools/golden_losses.py has what else is special to each.
"""
import json
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True)

FORMULA = ("u = i + 0x9E3779B9 * seed; u ^= u >> 16; u *= 0x7FEB352D; u ^= u >> 15; u *= 0x846CA68B; u ^= u >> 16 "
           "(32 bit unsigned); value[i] = offset + scale * (u / 2^31 - 1), i in memory order")
DIGEST = "size, norm = sqrt(sum y[i]^2), probe = sum y[i] * cos(0.7 * i + 1), at = some values by index"


# --- values and digests -------------------------------------------------------------------------------------------

def described(shape, seed, scale, offset=0.0, **more):
    return {**more, "shape": list(shape), "seed": seed, "scale": scale, "offset": offset}


def hashed(i, seed):
    u = (i + 0x9E3779B9 * seed) & 0xFFFFFFFF
    u = (u ^ u >> 16) * 0x7FEB352D & 0xFFFFFFFF
    u = (u ^ u >> 15) * 0x846CA68B & 0xFFFFFFFF
    return u ^ u >> 16


def values(d):
    n = math.prod(d["shape"])
    flat = [d["offset"] + d["scale"] * (hashed(i, d["seed"]) / 2**31 - 1) for i in range(n)]
    return torch.tensor(np.array(flat).reshape(d["shape"]), dtype=torch.get_default_dtype())


def rounded(x):
    x = float(x)
    return 0.0 if abs(x) < 1e-13 else float(f"{x:.10g}")


def digest(tensor):
    y = tensor.detach().numpy().astype(np.float64).reshape(-1)
    n = y.size
    indices = sorted({round(k * (n - 1) / 5) for k in range(6)})
    probe = math.fsum(v * math.cos(0.7 * i + 1) for i, v in enumerate(y))
    return {"size": n, "norm": rounded(math.sqrt(math.fsum(v * v for v in y))), "probe": rounded(probe),
            "at": {str(i): rounded(y[i]) for i in indices}}


# --- layers on NHWC data with HWIO weights -------------------------------------------------------------------------

def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1).contiguous()


def same_padding(size, kernel, stride):
    total = max(0, (math.ceil(size / stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def conv(x, weight, bias=None, stride=1, pad=0, groups=1, dilation=1):
    """pad: a number for every side, or "same": output = ceil(input / stride), the odd pixel at the bottom and right."""
    x = nchw(x)
    if pad == "same":
        top, bottom = same_padding(x.shape[2], (weight.shape[0] - 1) * dilation + 1, stride)
        left, right = same_padding(x.shape[3], (weight.shape[1] - 1) * dilation + 1, stride)
        x, pad = F.pad(x, (left, right, top, bottom)), 0
    return nhwc(F.conv2d(x, weight.permute(3, 2, 0, 1), bias, stride, pad, dilation, groups))


def pool(kind, x, kernel, stride):
    function = F.max_pool2d if kind == "max_pool" else F.avg_pool2d
    return nhwc(function(nchw(x), kernel, stride))


def batch_norm(x, weight, bias, running, training):
    """Over all axes but the last; updates `running` = [mean, variance], the variance unbiased."""
    shape = x.shape
    y = F.batch_norm(x.reshape(-1, shape[-1]), running[0], running[1], weight, bias, training, 0.1, 1e-5)
    return y.reshape(shape)


# --- the reference network in small --------------------------------------------------------------------------------

TINY_LAYERS = [
    {"name": "input", "type": "input", "shape": [16, 16, 3]},
    {"name": "conv1", "type": "conv2d", "channels": 4, "kernel": 3, "stride": 1, "padding": "same", "bias": False},
    {"name": "norm1", "type": "batch_norm"}, {"name": "relu1", "type": "relu"},
    {"name": "pool1", "type": "max_pool", "kernel": 2, "stride": 2},
    {"name": "conv2", "type": "conv2d", "channels": 6, "kernel": 3, "stride": 1, "padding": "same", "bias": False},
    {"name": "norm2", "type": "batch_norm"}, {"name": "relu2", "type": "relu"},
    {"name": "pool2", "type": "max_pool", "kernel": 2, "stride": 2},
    {"name": "flatten", "type": "flatten"},
    {"name": "dense1", "type": "dense", "features": 8, "bias": False},
    {"name": "norm3", "type": "batch_norm"}, {"name": "relu3", "type": "relu"},
    {"name": "dense2", "type": "dense", "features": 136, "bias": True},
]
TINY_PARAMETERS = [
    described([3, 3, 3, 4], 1, 0.4, name="conv1.weight", decay=True),
    described([4], 2, 0.2, 1.0, name="norm1.weight", decay=False),
    described([4], 3, 0.3, name="norm1.bias", decay=False),
    described([3, 3, 4, 6], 4, 0.3, name="conv2.weight", decay=True),
    described([6], 5, 0.2, 1.0, name="norm2.weight", decay=False),
    # Below 0: a channel that is never cut off by its ReLU has no gradient here (norm3 takes away what it adds
    # everywhere), and Adam would make steps of the size of the rate from rounding noise.
    described([6], 6, 0.3, -0.4, name="norm2.bias", decay=False),
    described([96, 8], 7, 0.2, name="dense1.weight", decay=True),
    described([8], 8, 0.2, 1.0, name="norm3.weight", decay=False),
    described([8], 9, 0.3, name="norm3.bias", decay=False),
    described([8, 136], 10, 0.3, name="dense2.weight", decay=True),
    described([136], 11, 0.1, 0.5, name="dense2.bias", decay=False),
]
TINY_INPUT = described([4, 16, 16, 3], 12, 0.5, 0.5)
TINY_TARGET = described([4, 136], 13, 0.3, 0.5)
OPTIMIZERS = [
    {"name": "adam", "learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0},
    {"name": "adam", "learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
    {"name": "adamw", "learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.1},
    {"name": "sgd", "learning_rate": 0.05, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": False, "weight_decay": 0.01},
    {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
]


class Tiny:
    def __init__(self):
        self.p = {d["name"]: values(d).requires_grad_() for d in TINY_PARAMETERS}
        self.running = {n: [torch.zeros(c), torch.ones(c)] for n, c in (("norm1", 4), ("norm2", 6), ("norm3", 8))}
        self.before_relu, self.before_pool = [], []

    def norm_relu(self, x, name, training):
        x = batch_norm(x, self.p[name + ".weight"], self.p[name + ".bias"], self.running[name], training)
        self.before_relu.append(x)
        return F.relu(x)

    def __call__(self, x, training=True):
        self.before_relu, self.before_pool = [], []
        for i in "12":
            x = self.norm_relu(conv(x, self.p[f"conv{i}.weight"], pad="same"), "norm" + i, training)
            self.before_pool.append(x)
            x = pool("max_pool", x, 2, 2)
        x = self.norm_relu(x.reshape(x.shape[0], -1) @ self.p["dense1.weight"], "norm3", training)
        return x @ self.p["dense2.weight"] + self.p["dense2.bias"]

    def kink_margin(self):
        gaps = []
        for x in self.before_pool:
            windows = F.unfold(nchw(x).reshape(-1, 1, *x.shape[1:3]), 2, stride=2)
            top = windows.topk(2, dim=1).values
            gaps.append((top[:, 0] - top[:, 1])[top[:, 0] > 0].min())
        return {"relu": rounded(min(x.abs().min() for x in self.before_relu)), "max_pool": rounded(min(gaps))}


def optimizer_for(o, net):
    decayed = [net.p[d["name"]] for d in TINY_PARAMETERS if d["decay"]]
    others = [net.p[d["name"]] for d in TINY_PARAMETERS if not d["decay"]]
    groups = [{"params": decayed, "weight_decay": o["weight_decay"]}, {"params": others, "weight_decay": 0.0}]
    if o["name"] == "sgd":
        return torch.optim.SGD(groups, lr=o["learning_rate"], momentum=o["momentum"], nesterov=o["nesterov"])
    kind = torch.optim.AdamW if o["name"] == "adamw" else torch.optim.Adam
    return kind(groups, lr=o["learning_rate"], betas=(o["beta1"], o["beta2"]), eps=o["epsilon"])


def total_norm(net):
    return math.sqrt(math.fsum(float((p.grad.double() ** 2).sum()) for p in net.p.values()))


def train(o):
    net, x, target = Tiny(), values(TINY_INPUT), values(TINY_TARGET)
    optimizer = optimizer_for(o, net)
    losses, norms = [], []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), target)
        loss.backward()
        losses.append(loss.item())
        norms.append(total_norm(net))
        optimizer.step()
    losses.append(F.mse_loss(net(x), target).item())
    running = {f"{n}.running_{k}": digest(t) for n, pair in net.running.items() for k, t in zip(("mean", "var"), pair)}
    return {"optimizer": o, "loss": [rounded(v) for v in losses], "gradient_norm": [rounded(v) for v in norms],
            "parameters": {n: digest(t) for n, t in net.p.items()}, "running": running,
            "output_infer": digest(net(x, training=False))}


def tiny_reference():
    net, x, target = Tiny(), values(TINY_INPUT).requires_grad_(), values(TINY_TARGET)
    output = net(x)
    margin = net.kink_margin()
    F.mse_loss(output, target).backward()
    gradients = {n: digest(t.grad) for n, t in net.p.items()}
    return {"formula": FORMULA, "digest": DIGEST, "layers": TINY_LAYERS, "parameters": TINY_PARAMETERS,
            "input": TINY_INPUT, "target": TINY_TARGET, "output_step_1": digest(output),
            "gradients_step_1": {**gradients, "input": digest(x.grad)},
            "gradient_norm": rounded(total_norm(net)), "kink_margin": margin, "runs": [train(o) for o in OPTIMIZERS]}


# --- a network that is no chain ------------------------------------------------------------------------------------

def conv_node(name, source, channels, kernel, stride, pad, groups):
    return {"name": name, "op": "conv2d", "inputs": [source], "channels": channels, "kernel": kernel, "stride": stride,
            "pad": pad, "groups": groups}


DAG_NODES = [
    conv_node("stem", "input", channels=8, kernel=3, stride=1, pad=1, groups=1),
    {"name": "silu", "op": "silu", "inputs": ["stem"]},
    conv_node("grouped", "silu", channels=8, kernel=3, stride=1, pad=1, groups=2),
    {"name": "prelu", "op": "prelu", "inputs": ["grouped"]},
    {"name": "sum", "op": "add", "inputs": ["silu", "prelu"]},
    conv_node("down", "sum", channels=8, kernel=3, stride=2, pad=1, groups=8),
    {"name": "hard", "op": "hard_swish", "inputs": ["down"]},
    conv_node("point", "hard", channels=6, kernel=1, stride=1, pad=0, groups=1),
    {"name": "norm", "op": "batch_norm", "inputs": ["point"]},
    {"name": "avg", "op": "avg_pool", "inputs": ["sum"], "kernel": 2, "stride": 2},
    {"name": "cat", "op": "concat", "inputs": ["norm", "avg", "hard"]},
    {"name": "gate", "op": "sigmoid", "inputs": ["cat"]},
    conv_node("head", "gate", channels=5, kernel=3, stride=1, pad=0, groups=1),
    {"name": "global", "op": "global_avg_pool", "inputs": ["head"]},
    {"name": "out", "op": "dense", "inputs": ["global"], "features": 7},
]
DAG_PARAMETERS = [
    described([3, 3, 4, 8], 1, 0.4, name="stem.weight"), described([8], 2, 0.2, name="stem.bias"),
    described([3, 3, 4, 8], 3, 0.4, name="grouped.weight"), described([8], 4, 0.2, name="grouped.bias"),
    described([8], 5, 0.1, 0.25, name="prelu.weight"),
    described([3, 3, 1, 8], 6, 0.7, name="down.weight"), described([8], 7, 0.2, name="down.bias"),
    described([1, 1, 8, 6], 8, 0.5, name="point.weight"), described([6], 9, 0.2, name="point.bias"),
    described([6], 10, 0.2, 1.0, name="norm.weight"), described([6], 11, 0.3, name="norm.bias"),
    described([3, 3, 22, 5], 12, 0.2, name="head.weight"), described([5], 13, 0.2, name="head.bias"),
    described([5, 7], 14, 0.6, name="out.weight"), described([7], 15, 0.2, name="out.bias"),
]


def run_node(node, inputs, p):
    x, op, name = inputs[0], node["op"], node["name"]
    if op == "conv2d":
        return conv(x, p[name + ".weight"], p[name + ".bias"], node["stride"], node["pad"], node["groups"])
    if op == "dense":
        return x @ p[name + ".weight"] + p[name + ".bias"]
    if op == "batch_norm":
        running = [torch.zeros(x.shape[-1]), torch.ones(x.shape[-1])]
        return batch_norm(x, p[name + ".weight"], p[name + ".bias"], running, True)
    if op == "prelu":
        return nhwc(F.prelu(nchw(x), p[name + ".weight"]))
    if op == "avg_pool":
        return pool(op, x, node["kernel"], node["stride"])
    return {"silu": lambda: F.silu(x), "hard_swish": lambda: F.hardswish(x), "sigmoid": lambda: torch.sigmoid(x),
            "add": lambda: inputs[0] + inputs[1], "concat": lambda: torch.cat(inputs, dim=-1),
            "global_avg_pool": lambda: x.mean(dim=(1, 2))}[op]()


def dag():
    given, wanted = described([3, 12, 12, 4], 16, 0.5, 0.5), described([3, 7], 17, 0.5)
    p = {d["name"]: values(d).requires_grad_() for d in DAG_PARAMETERS}
    at = {"input": values(given).requires_grad_()}
    for node in DAG_NODES:
        at[node["name"]] = run_node(node, [at[n] for n in node["inputs"]], p)
    output = at[DAG_NODES[-1]["name"]]
    loss = F.mse_loss(output, values(wanted))
    loss.backward()
    gradients = {n: digest(t.grad) for n, t in [*p.items(), ("input", at["input"])]}
    return {"formula": FORMULA, "digest": DIGEST, "nodes": DAG_NODES, "parameters": DAG_PARAMETERS, "input": given,
            "target": wanted, "output": digest(output), "loss": rounded(loss), "gradients": gradients,
            "activations": {n: digest(t) for n, t in at.items() if n != "input"}}


# --- single layers -------------------------------------------------------------------------------------------------

def finish(case, x, y, parameters):
    """Adds the output, and the gradients of sum(y * dy) by everything."""
    case["dy"] = described(y.shape, 4, 1.0)
    (y * values(case["dy"])).sum().backward()
    case["y"] = digest(y)
    case["gradients"] = {n: digest(t.grad) for n, t in [("input", x), *parameters]}
    return case


def conv_case(kernel, stride, pad, groups, channels_in=4, channels_out=8, height=9, width=7):
    case = {"op": "conv2d", "kernel": kernel, "stride": stride, "pad": pad, "groups": groups, "channels": channels_out,
            "input": described([2, height, width, channels_in], 1, 1.0),
            "weight": described([kernel, kernel, channels_in // groups, channels_out], 2, 0.5),
            "bias": described([channels_out], 3, 0.5)}
    x, w, b = (values(case[n]).requires_grad_() for n in ("input", "weight", "bias"))
    return finish(case, x, conv(x, w, b, stride, pad, groups), [("weight", w), ("bias", b)])


def window_case(height, width, stride, pad, dilation, groups=1):
    """A convolution whose window is not square, or has gaps."""
    case = {"op": "conv2d", "kernel": height, "kernel_width": width, "stride": stride, "pad": pad, "groups": groups,
            "dilation": dilation, "channels": 6, "input": described([2, 11, 9, 4], 1, 1.0),
            "weight": described([height, width, 4 // groups, 6], 2, 0.5), "bias": described([6], 3, 0.5)}
    x, w, b = (values(case[n]).requires_grad_() for n in ("input", "weight", "bias"))
    return finish(case, x, conv(x, w, b, stride, pad, groups, dilation), [("weight", w), ("bias", b)])


def pool_case(op, kernel, stride):
    case = {"op": op, "kernel": kernel, "stride": stride, "input": described([2, 9, 7, 3], 1, 1.0)}
    x = values(case["input"]).requires_grad_()
    return finish(case, x, pool(op, x, kernel, stride), [])


def unary_case(op):
    case = {"op": op, "input": described([2, 5, 4, 3], 1, 4.0)}
    x = values(case["input"]).requires_grad_()
    function = {"relu": F.relu, "silu": F.silu, "hard_swish": F.hardswish, "sigmoid": torch.sigmoid, "tanh": torch.tanh,
                "softmax": lambda v: torch.softmax(v, dim=-1), "global_avg_pool": lambda v: v.mean(dim=(1, 2))}[op]
    return finish(case, x, function(x), [])


def leaky_relu_case(slope):
    case = {"op": "leaky_relu", "slope": slope, "input": described([2, 5, 4, 3], 1, 4.0)}
    x = values(case["input"]).requires_grad_()
    return finish(case, x, F.leaky_relu(x, slope), [])


def pad_case(top, bottom, left, right):
    case = {"op": "pad", "top": top, "bottom": bottom, "left": left, "right": right,
            "input": described([2, 5, 4, 3], 1, 4.0)}
    x = values(case["input"]).requires_grad_()
    return finish(case, x, nhwc(F.pad(nchw(x), (left, right, top, bottom))), [])


def upsample_case(mode, factor):
    case = {"op": "upsample", "factor": factor, "mode": mode, "input": described([2, 5, 4, 3], 1, 4.0)}
    x = values(case["input"]).requires_grad_()
    corners = {} if mode == "nearest" else {"align_corners": False}
    return finish(case, x, nhwc(F.interpolate(nchw(x), scale_factor=factor, mode=mode, **corners)), [])


def soft_argmax_case(height, width):
    """Coordinates x0, y0, x1, ...: the mean position of softmax(temperature * map), pixel centres at (i + 0.5) / n."""
    case = {"op": "soft_argmax", "input": described([3, height, width, 5], 1, 4.0),
            "temperature": described([1], 2, 0.0, 1.3)}
    x, t = values(case["input"]).requires_grad_(), values(case["temperature"]).requires_grad_()
    p = torch.softmax((t * x).reshape(3, height * width, 5), dim=1).reshape(x.shape)
    across = (torch.arange(width) + 0.5) / width
    down = (torch.arange(height) + 0.5) / height
    points = torch.stack([(p.sum(dim=1) * across[:, None]).sum(dim=1), (p.sum(dim=2) * down[:, None]).sum(dim=1)], dim=-1)
    return finish(case, x, points.reshape(3, 10), [("temperature", t)])


def multiply_case(second):
    case = {"op": "multiply", "input": described([2, 5, 4, 3], 1, 4.0), "second": described([2, *second], 2, 1.5)}
    x, gate = values(case["input"]).requires_grad_(), values(case["second"]).requires_grad_()
    spread = gate if gate.dim() == 4 else gate[:, None, None, :]
    return finish(case, x, x * spread, [("second", gate)])


def layers():
    cases = [conv_case(k, s, p, g) for k in (1, 3, 5) for s in (1, 2, 3) for p in (0, 1, 2) for g in (1, 2, 4)
             if p < k and (g != 4 or k == 3)]
    cases += [conv_case(k, s, "same", g) for k in (1, 3, 5) for s in (1, 2, 3) for g in (1, 2)]
    cases += [conv_case(3, s, p, 8, 8, 8) for s in (1, 2) for p in (0, 1, "same")]
    cases += [conv_case(3, 2, "same", 1, 3, 5, 8, 6), conv_case(5, 2, 2, 1, 1, 1, 8, 6)]
    cases += [conv_case(3, 1, 1, 1, 3, 17, 6, 11)]
    cases += [pool_case(op, k, s) for op in ("max_pool", "avg_pool") for k in (2, 3) for s in (1, 2, 3)]
    cases += [unary_case(op) for op in ("global_avg_pool", "relu", "silu", "hard_swish", "sigmoid")]
    cases += [unary_case(op) for op in ("tanh", "softmax")]
    cases += [leaky_relu_case(slope) for slope in (0.01, 0.2)]
    cases += [pad_case(1, 2, 3, 4), pad_case(0, 1, 0, 0)]
    cases += [upsample_case(mode, factor) for mode in ("nearest", "bilinear") for factor in (2, 3, 4)]
    cases += [soft_argmax_case(5, 4), soft_argmax_case(1, 7)]
    cases += [multiply_case(second) for second in ((5, 4, 3), (1, 1, 3), (3,))]
    cases += [window_case(h, w, s, p, d) for h, w in ((3, 3), (1, 5), (4, 2)) for s in (1, 2) for p in (0, 1, "same")
              for d in (1, 2) if (h, w, d) != (3, 3, 1)]
    cases += [window_case(3, 3, 1, 2, 2, groups=2)]
    return {"formula": FORMULA, "digest": DIGEST, "cases": cases}


def losses():
    import golden_losses  # which takes its values and digests from here
    return {"formula": FORMULA, "digest": DIGEST, "cases": golden_losses.losses()}


# --- files ---------------------------------------------------------------------------------------------------------

def text_of(result):
    """JSON with an entry of a list on each line: small, and a change shows as a change of a line."""
    def entry(value):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join("  " + json.dumps(v, separators=(",", ":")) for v in value) + "\n ]"
        return json.dumps(value, separators=(",", ":"))
    return "{\n" + ",\n".join(f' "{k}": {entry(v)}' for k, v in result.items()) + "\n}\n"


def first_gradients(dtype):
    torch.set_default_dtype(dtype)
    net, x = Tiny(), values(TINY_INPUT).requires_grad_()
    F.mse_loss(net(x), values(TINY_TARGET)).backward()
    return {**{n: p.grad.double() for n, p in net.p.items()}, "input": x.grad.double()}


def print_rounding():
    """The largest difference of a single value relative to its size or the typical one, and that of the whole tensor."""
    exact, single = first_gradients(torch.float64), first_gradients(torch.float32)
    for name, wanted in exact.items():
        error, typical = single[name] - wanted, wanted.norm() / math.sqrt(wanted.numel())
        largest = float((error.abs() / torch.maximum(wanted.abs(), typical)).max())
        print(f"{name:15} {largest:.1e}  {float(error.norm() / wanted.norm()):.1e}")


def main():
    if sys.argv[1:] == ["--rounding"]:
        print_rounding()
        return
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "data", "golden")
    os.makedirs(folder, exist_ok=True)
    for name, make in (("tiny_reference", tiny_reference), ("dag", dag), ("layers", layers), ("losses", losses)):
        path = os.path.join(folder, name + ".json")
        text = text_of(make())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        print(f"{path}: {len(text)} bytes")


if __name__ == "__main__":
    main()
