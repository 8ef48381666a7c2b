#!/usr/bin/python3
"""PyTorch beside this library; run by tools/compare with Debian's python3-torch.

torch_peer.py infer|train NETWORK --variant V --batch B --threads T --seconds S [--output FILE]
    measures, and prints one JSON object: "ms", the time of each run; in training also "losses" of the first steps.
    Variants of infer: nchw, channels-last, jit, jit-channels-last; of train: nchw, channels-last.
torch_peer.py onnx NETWORK --batch B
    writes NETWORK.bB.onnx and, in the layout it reads, NETWORK.nchw.bin, for ONNX Runtime.

network_file.hpp describes the files of NETWORK.
"""
import argparse
import json
import time
import warnings

import numpy as np
import torch
import torch.nn.functional as F

SAMPLES = 32
LEARNING_RATE = 1e-4
WARM_UP, FEWEST = 3, 5  # as program.hpp
WARM_UP_SECONDS = 1.5  # its allocator takes that long to get hold of all the memory it will use


class Layer:
    def __init__(self, line):
        words = line.split()
        self.type, self.name = words[:2]
        self.height, self.width, self.channels, count = map(int, words[2:6])
        self.inputs = words[6:6 + count]
        self.options = [int(word) for word in words[6 + count:]]


class Network(torch.nn.Module):
    """With `hwc` pictures are channels-last in memory, so that a flatten in the order of the files copies nothing.
    Otherwise a flatten is in PyTorch's order, and the weights of the dense layer behind it are put into that order."""

    def __init__(self, path, hwc):
        super().__init__()
        self.hwc = hwc
        with open(path + ".txt") as file:
            self.layers = [Layer(line) for line in file]
        self.by_name = {layer.name: layer for layer in self.layers}
        self.parts = torch.nn.ModuleDict()
        with open(path + ".bin", "rb") as weights:
            for layer in self.layers:
                make = getattr(self, "make_" + layer.type, None)
                if make:
                    self.parts[layer.name] = make(layer, lambda *shape: read_floats(weights, shape))

    def make_conv2d(self, layer, read):
        kernel, stride, pad, groups, bias = layer.options
        channels = self.by_name[layer.inputs[0]].channels
        conv = torch.nn.Conv2d(channels, layer.channels, kernel, stride, pad, groups=groups, bias=bool(bias))
        set_values(conv.weight, read(kernel, kernel, channels // groups, layer.channels).permute(3, 2, 0, 1))
        if bias:
            set_values(conv.bias, read(layer.channels))
        return conv

    def make_dense(self, layer, read):
        source = self.by_name[layer.inputs[0]]
        weight = read(source.channels, layer.channels)
        picture = self.by_name[source.inputs[0]] if source.type == "flatten" else source
        if picture.height * picture.width > 1 and not self.hwc:
            weight = weight.reshape(picture.height, picture.width, picture.channels, -1).permute(2, 0, 1, 3)
        dense = torch.nn.Linear(source.channels, layer.channels, bias=bool(layer.options[0]))
        set_values(dense.weight, weight.reshape(source.channels, layer.channels).T)
        if layer.options[0]:
            set_values(dense.bias, read(layer.channels))
        return dense

    def make_batch_norm(self, layer, read):
        pictures = layer.height * layer.width > 1 or self.by_name[layer.inputs[0]].type == "conv2d"
        norm = (torch.nn.BatchNorm2d if pictures else torch.nn.BatchNorm1d)(layer.channels, eps=1e-5, momentum=0.1)
        set_values(norm.weight, read(layer.channels))
        set_values(norm.bias, read(layer.channels))
        return norm

    def forward(self, x):
        values = {"input": x}
        for layer in self.layers[1:]:
            values[layer.name] = self.run(layer, [values[name] for name in layer.inputs])
        return values[self.layers[-1].name]

    def run(self, layer, inputs):
        x = inputs[0]
        if layer.name in self.parts:
            return self.parts[layer.name](x)
        if layer.type == "relu":
            return F.relu(x, inplace=True)
        if layer.type == "max_pool":
            return F.max_pool2d(x, *layer.options)
        if layer.type == "global_avg_pool":
            return F.avg_pool2d(x, (x.shape[2], x.shape[3])).flatten(1)
        if layer.type == "flatten":
            return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1) if self.hwc else x.flatten(1)
        if layer.type == "add":
            return inputs[0] + inputs[1]
        if layer.type == "concat":
            return torch.cat(inputs, 1)
        raise SystemExit(f"torch_peer.py has nothing for the layer {layer.type}")


def read_floats(file, shape):
    return torch.from_numpy(np.fromfile(file, np.float32, int(np.prod(shape))).reshape(shape))


def set_values(parameter, values):
    with torch.no_grad():
        parameter.copy_(values)


def read_input(path, network, batch):
    first = network.layers[0]
    with open(path + ".input.bin", "rb") as file:
        x = read_floats(file, (batch, first.height, first.width, first.channels)).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last if network.hwc else torch.contiguous_format)


def measure(seconds, prepare, run):
    """Milliseconds of each run; `prepare` (filling the input) is not measured."""
    times, i, begin = [], -WARM_UP, time.perf_counter()
    while True:
        prepare()
        start = time.perf_counter()
        if i == 0 and start - begin < WARM_UP_SECONDS:
            i = -1
        if i <= 0:
            first = start
        run()
        end = time.perf_counter()
        if i >= 0:
            times.append((end - start) * 1e3)
        i += 1
        if i >= FEWEST and end - first >= seconds:
            return times


def load(options):
    network = Network(options.network, options.variant.endswith("channels-last"))
    if network.hwc:
        network = network.to(memory_format=torch.channels_last)
    given = read_input(options.network, network, options.batch)
    return network, given, given.clone()


def keep_output(options, output):
    if options.output:
        output.detach().contiguous().numpy().tofile(options.output)


def infer(options):
    network, given, x = load(options)
    network.eval()
    with torch.no_grad():
        if options.variant.startswith("jit"):
            network = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, x)))
    with torch.inference_mode():
        keep_output(options, network(x))
        return measure(options.seconds, lambda: x.copy_(given), lambda: network(x)), []


def train(options):
    network, given, x = load(options)
    network.train()
    with open(options.network + ".target.bin", "rb") as file:
        target = read_floats(file, (options.batch, network.layers[-1].channels))
    adam = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    losses = []

    def step():
        adam.zero_grad(set_to_none=True)
        output = network(x)
        if not losses:
            keep_output(options, output)
        loss = F.mse_loss(output, target)
        loss.backward()
        adam.step()
        losses.append(loss.item())

    times = measure(options.seconds, lambda: x.copy_(given), step)
    return times, losses[:WARM_UP]


def write_onnx(options):
    network, _, x = load(options)
    torch.onnx.export(network.eval(), x, f"{options.network}.b{options.batch}.onnx", opset_version=13,
                      input_names=["input"], output_names=["output"])
    read_input(options.network, network, SAMPLES).numpy().tofile(options.network + ".nchw.bin")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("infer", "train", "onnx"))
    parser.add_argument("network")
    parser.add_argument("--variant", default="nchw")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--output")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(options.threads)
    if options.what == "onnx":
        write_onnx(options)
        return
    times, losses = (infer if options.what == "infer" else train)(options)
    print(json.dumps({"ms": times, "losses": losses}))


if __name__ == "__main__":
    main()
