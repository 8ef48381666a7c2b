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
    Otherwise a flatten is in PyTorch's order, and the weights of the dense layer behind it are put into that order.
    Gates of channels are 1x1 convolutions on pictures of one pixel, as torchvision writes them."""

    def __init__(self, path, hwc):
        super().__init__()
        self.hwc = hwc
        with open(path + ".txt") as file:
            *self.layers, outputs = [Layer(line) for line in file]
        self.by_name = {layer.name: layer for layer in self.layers}
        self.outputs = [self.by_name[name] for name in outputs.inputs]
        self.gates = self.find_gates()
        self.parts = torch.nn.ModuleDict()
        with open(path + ".bin", "rb") as weights:
            for layer in self.layers:
                make = getattr(self, "make_" + layer.type, None)
                if make:
                    self.parts[layer.name] = make(layer, lambda *shape: read_floats(weights, shape))

    def find_gates(self):
        """The names of layers between a global pool and a product of channels."""
        found = set()
        for product in (layer for layer in self.layers if layer.type == "multiply"):
            gate = self.by_name[product.inputs[1]]
            while gate.type in ("dense", "relu", "sigmoid"):
                found.add(gate.name)
                gate = self.by_name[gate.inputs[0]]
            found.add(gate.name)
        return found

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
        sizes, bias = (source.channels, layer.channels), bool(layer.options[0])
        gate = layer.name in self.gates
        dense = torch.nn.Conv2d(*sizes, 1, bias=bias) if gate else torch.nn.Linear(*sizes, bias=bias)
        set_values(dense.weight, weight.reshape(source.channels, layer.channels).T.reshape(dense.weight.shape))
        if bias:
            set_values(dense.bias, read(layer.channels))
        return dense

    def make_batch_norm(self, layer, read):
        pictures = layer.height * layer.width > 1 or self.by_name[layer.inputs[0]].type == "conv2d"
        norm = (torch.nn.BatchNorm2d if pictures else torch.nn.BatchNorm1d)(layer.channels, eps=1e-5, momentum=0.1)
        set_values(norm.weight, read(layer.channels))
        set_values(norm.bias, read(layer.channels))
        return norm

    def make_soft_argmax(self, layer, read):
        maps = self.by_name[layer.inputs[0]]
        return SoftArgmax(maps.height, maps.width, read(1))

    def forward(self, x):
        values = {"input": x}
        for layer in self.layers[1:]:
            values[layer.name] = self.run(layer, [values[name] for name in layer.inputs])
        return tuple(values[layer.name] for layer in self.outputs)

    def run(self, layer, inputs):
        x = inputs[0]
        if layer.name in self.parts:
            return self.parts[layer.name](x)
        if layer.type == "relu":
            return F.relu(x, inplace=True)
        if layer.type == "hard_swish":
            return F.hardswish(x, inplace=True)
        if layer.type == "sigmoid":
            return torch.sigmoid(x)
        if layer.type == "multiply":
            return inputs[0] * inputs[1]
        if layer.type == "upsample":
            return F.interpolate(x, scale_factor=layer.options[0], mode="nearest")
        if layer.type == "max_pool":
            return F.max_pool2d(x, *layer.options)
        if layer.type == "global_avg_pool":
            mean = F.avg_pool2d(x, (x.shape[2], x.shape[3]))
            return mean if layer.name in self.gates else mean.flatten(1)
        if layer.type == "flatten":
            return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1) if self.hwc else x.flatten(1)
        if layer.type == "add":
            return inputs[0] + inputs[1]
        if layer.type == "concat":
            return torch.cat(inputs, 1)
        raise SystemExit(f"torch_peer.py has nothing for the layer {layer.type}")


class SoftArgmax(torch.nn.Module):
    """The mean of pixels' places under the softmax of each map."""

    def __init__(self, height, width, temperature):
        super().__init__()
        self.temperature = torch.nn.Parameter(temperature)
        y, x = torch.meshgrid((torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width, indexing="ij")
        self.register_buffer("places", torch.stack((x, y), 2).reshape(-1, 2))

    def forward(self, maps):
        return (torch.softmax(self.temperature * maps.flatten(2), 2) @ self.places).flatten(1)


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


def keep_outputs(options, outputs):
    if options.output:
        last = [y.permute(0, 2, 3, 1) if y.dim() == 4 else y for y in outputs]
        torch.cat([y.detach().reshape(-1) for y in last]).numpy().tofile(options.output)


def read_targets(options, network):
    """The first samples of each output's, laid out as the network lays out that output."""
    targets = []
    with open(options.network + ".target.bin", "rb") as file:
        for output in network.outputs:
            pictures = output.height * output.width > 1
            shape = (output.height, output.width, output.channels) if pictures else (output.channels,)
            target = read_floats(file, (SAMPLES, *shape))[:options.batch]
            if pictures:
                target = target.permute(0, 3, 1, 2)
                target = target.contiguous(memory_format=torch.channels_last) if network.hwc else target.contiguous()
            targets.append(target)
    return targets


def compiled(network, x):
    """Frozen, and optimised where that is safe: with hard swishes optimize_for_inference() of PyTorch 1.13 gives
    another function."""
    frozen = torch.jit.freeze(torch.jit.trace(network, x))
    swishes = any(layer.type == "hard_swish" for layer in network.layers)
    return frozen if swishes else torch.jit.optimize_for_inference(frozen)


def infer(options):
    network, given, x = load(options)
    network.eval()
    with torch.no_grad():
        if options.variant.startswith("jit"):
            network = compiled(network, x)
    with torch.inference_mode():
        keep_outputs(options, network(x))
        return measure(options.seconds, lambda: x.copy_(given), lambda: network(x)), []


def train(options):
    network, given, x = load(options)
    network.train()
    targets = read_targets(options, network)
    adam = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    losses = []

    def step():
        adam.zero_grad(set_to_none=True)
        outputs = network(x)
        if not losses:
            keep_outputs(options, outputs)
        loss = sum(F.mse_loss(output, target) for output, target in zip(outputs, targets))
        loss.backward()
        adam.step()
        losses.append(loss.item())

    times = measure(options.seconds, lambda: x.copy_(given), step)
    return times, losses[:WARM_UP]


def write_onnx(options):
    network, _, x = load(options)
    torch.onnx.export(network.eval(), x, f"{options.network}.b{options.batch}.onnx", opset_version=14,
                      input_names=["input"], output_names=[layer.name for layer in network.outputs])
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
