"""This library and the peers that are installed: how each is called, and the settings it is given a choice of."""
import argparse
import dataclasses
import json
import math
import os
import shutil
import statistics
import subprocess

from sampling import Failure, run

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"  # Debian's, whatever stands first in PATH: it is the one that python3-torch belongs to
ONNX_RUNTIME = "1.30.0"
BATCHES = (1, 32)
HEATMAP_NETWORKS = ("compact", "tiny", "large")
NETWORKS = ("reference", "deep", "mobile", *HEATMAP_NETWORKS)
COLD_NETWORK = "reference"
# What Winograd's algorithm is for. In training without norms, too: there oneDNN can be put beside it.
WITH_PLAIN_3X3 = ("reference", "deep")
LOWER_PRECISIONS = ("bf16", "int8")  # variants of ours.cpp that infer

# glibc's malloc returns large blocks to the system, and every step then pays for thousands of page faults; with these
# settings it keeps them.
KEPT_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "17179869184",
               "MALLOC_TOP_PAD_": "268435456"}


# As on a processor that has no more than this. What oneDNN's variables do to it, they do to that in PyTorch, too.
AVX2 = {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2",
        "OPENBLAS_CORETYPE": "Haswell"}
HELD_TO = {"best": {}, "avx2": {"LINEAMENT_ISA": "avx2", **AVX2},
           "avx2_vnni": {"LINEAMENT_ISA": "avx2_vnni", **AVX2}}  # in fp32, which peers are measured in, the same


def chosen(text, known, kind=str):
    """Of a command line: names, or numbers, with commas between."""
    values = [kind(word) for word in text.split(",")]
    for value in values:
        if value not in known:
            raise argparse.ArgumentTypeError(f"{value}: choose from {', '.join(map(str, known))}")
    return values


@dataclasses.dataclass(frozen=True)
class Case:
    what: str  # infer, train or cold
    network: str
    batch: int
    threads: int
    norms: bool = False  # batch norms, in training; when inferring they are folded away

    @property
    def file(self):
        return self.network + ("_norms" if self.norms else "")

    def __str__(self):
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"{self.what} {self.file.replace('_', ', ')}, batch {self.batch}, {threads}"


@dataclasses.dataclass(frozen=True)
class Variant:
    name: str = ""  # as the program knows it
    kept_malloc: bool = False

    def __str__(self):
        return self.name + (", kept malloc" if self.kept_malloc else "")


class Engine:
    name = ""
    title = ""  # with version; what is no engine of its own has none
    tolerance = 1e-4  # of a sample's outputs against ours, relative to the largest of the batch; more is an error
    difference, measure = max, "largest"  # which of a sample's differences is meant

    def allowed(self, case, first):
        """The tolerance of the network's first output, or of another one, whose single value may lie near zero."""
        return self.tolerance * (1 if first else 10)

    def variants(self, case):
        """The settings to choose from; none: this engine does not take part in the case."""
        raise NotImplementedError

    def usual(self, case):
        """Of variants(), the one that is the fastest most often."""
        return self.variants(case)[:1]

    def leaves_out(self, case):
        """Why it takes no part in the case, as the reader is to be told; nothing where it does."""
        return ""

    def variants_like(self, fastest):
        """What else is worth trying, knowing the fastest of variants()."""
        return []

    def program(self):
        raise NotImplementedError

    def environment(self, variant):
        return KEPT_MALLOC if variant.kept_malloc else {}

    def command(self, case, variant, networks, seconds, output=None):
        command = [*self.program(), case.what, os.path.join(networks, case.file), "--batch", case.batch,
                   "--threads", case.threads, "--seconds", seconds]
        if variant.name:
            command += ["--variant", variant.name]
        return command + (["--output", output] if output else [])


class Ours(Engine):
    name = title = "lineament"

    def __init__(self, build):
        self.binary = os.path.join(build, "bench/peers/ours")

    def program(self):
        return [self.binary]

    def variants(self, case):
        return [Variant()]

    def export(self, path):
        run([self.binary, "export", path], 1, {})


def lower(precision):
    return f"{Ours.name} {precision}"


class OursLower(Ours):
    """The same weights in fewer bits, compared with what the peers do in fp32. Not a peer."""
    # Only to see that it does the same work: what it costs in accuracy, `lineament evaluate` says. With random weights
    # the largest of thousands of differences has no useful bound.
    tolerance = 0.04
    difference, measure = staticmethod(statistics.fmean), "mean"

    def __init__(self, build, precision):
        super().__init__(build)
        self.name, self.title, self.precision = lower(precision), "", precision

    def allowed(self, case, first):
        return self.tolerance if first else math.inf  # the others are only printed

    def variants(self, case):
        return [Variant(self.precision)] if case.what == "infer" else []


class OneDnn(Engine):
    name = "oneDNN"

    def __init__(self, build):
        self.binary = os.path.join(build, "bench/peers/onednn")
        version = read(os.path.join(build, "bench/peers/onednn_version.txt"))
        if not version:
            raise Failure("it is not installed, or the compiler's OpenMP is not; apt-get install libdnnl-dev")
        if not version.startswith("2."):
            raise Failure(f"version {version} has another interface than 2.x, which its program is written for")
        self.title = f"{self.name} {version}"

    def program(self):
        return [self.binary]

    def leaves_out(self, case):
        if case.file != case.network:
            return "its step, put together by hand, is for chains of layers without batch norm"
        return "it has no model files of its own" if case.what == "cold" else ""

    def variants(self, case):
        return [] if self.leaves_out(case) else [Variant("blocked"), Variant("any"), Variant("nhwc")]


class OneDnnWinograd(OneDnn):
    """An engine of its own beside oneDNN as it is used by PyTorch and others, which do not ask for Winograd's algorithm."""
    name = "oneDNN Winograd"

    def __init__(self, build):
        super().__init__(build)
        self.title = ""

    def leaves_out(self, case):
        if case.network not in WITH_PLAIN_3X3:
            return "Winograd's algorithm has no convolutions there that it is for"
        return super().leaves_out(case)

    def variants(self, case):
        return [] if self.leaves_out(case) else [Variant("any-winograd"), Variant("blocked-winograd")]


class PyTorch(Engine):
    name = "PyTorch"

    def __init__(self):
        version = imported("torch", "python3-torch")
        if not fast_blas():
            raise Failure("its matrix products run on the reference BLAS, several times slower than it should be; "
                          "apt-get install libopenblas0-pthread")
        self.title = f"PyTorch {version}"

    def program(self):
        return [PYTHON, os.path.join(HERE, "torch_peer.py")]

    def allowed(self, case, first):
        # Channels last and on one thread, its batch norm alone is off by 2e-5 of the largest value.
        return super().allowed(case, first) * (3 if case.what == "train" else 1)

    def variants(self, case):
        names = {"infer": ("jit-channels-last", "jit", "channels-last", "nchw"), "train": ("channels-last", "nchw")}
        return [Variant(name, kept_malloc=True) for name in names.get(case.what, ())]

    def variants_like(self, fastest):
        return [Variant(fastest.name)]


class OnnxRuntime(Engine):
    name = "ONNX Runtime"

    def __init__(self, build):
        self.modules = os.path.join(build, "peers/node_modules")
        if not shutil.which("node"):
            raise Failure("it is run by Node; apt-get install nodejs npm")
        for module in ("torch", "onnx"):  # write its models
            imported(module, "python3-torch python3-onnx")
        if self.installed() != ONNX_RUNTIME:
            self.install(os.path.dirname(self.modules))
        self.title = f"ONNX Runtime {self.installed()}"

    def installed(self):
        """The version in the build folder, which may be of another day."""
        package = read(os.path.join(self.modules, "onnxruntime-node/package.json"))
        return json.loads(package)["version"] if package else ""

    @staticmethod
    def install(folder):
        if not shutil.which("npm"):
            raise Failure("npm installs it; apt-get install npm")
        os.makedirs(folder, exist_ok=True)
        # Without its scripts: those only fetch what graphics cards need.
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder,
                               f"onnxruntime-node@{ONNX_RUNTIME}"], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"npm install onnxruntime-node failed: {(done.stderr.strip() or '?').splitlines()[-1]}")

    def program(self):
        return ["node", os.path.join(HERE, "ort_peer.js")]

    def environment(self, variant):
        return {"NODE_PATH": self.modules}

    def leaves_out(self, case):
        return "its package for Node does not train" if case.what == "train" else ""

    def variants(self, case):
        return [] if self.leaves_out(case) else [Variant()]

    @staticmethod
    def export(path, batch):
        run([PYTHON, os.path.join(HERE, "torch_peer.py"), "onnx", path, "--batch", batch], 1, {})


class NodeAlone(Engine):
    """Not a peer: what Node itself takes of ONNX Runtime's cold start."""
    name = "Node alone"

    def variants(self, case):
        return [Variant()] if case.what == "cold" else []

    def command(self, case, variant, networks, seconds, output=None):
        return ["node", "-e", "0"]


def read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def imported(module, packages):
    """The version of a module of Debian's Python."""
    try:
        done = subprocess.run([PYTHON, "-c", f"import {module}; print({module}.__version__)"],
                              capture_output=True, text=True)
    except OSError:
        done = None
    if done is None or done.returncode != 0:
        raise Failure(f"{module} is not installed; apt-get install {packages}")
    return done.stdout.strip()


def fast_blas():
    """Whether the BLAS that PyTorch loads is another than netlib's reference."""
    done = subprocess.run([PYTHON, "-c", "import torch; torch.ones(2, 2) @ torch.ones(2, 2); "
                           "print(open('/proc/self/maps').read())"], capture_output=True, text=True)
    return any(name in done.stdout for name in ("openblas", "mkl", "blis", "atlas"))


def left_out(found, cases):
    """A line for each reason why a peer takes no part in some of the cases."""
    networks = {}
    for case in cases:
        for engine in found:
            reason = engine.leaves_out(case)
            if reason:
                networks.setdefault((engine.name, case.what, reason), {})[case.file] = True
    return [f"{name} is left out of {what} {', '.join(names)}: {reason}"
            for (name, what, reason), names in networks.items()]


def output_sizes(path):
    """The values of each output of an exported network, by name: network_file.hpp has the format."""
    sizes = {}
    with open(path + ".txt") as file:
        for line in file:
            kind, name, height, width, channels, _, *names = line.split()
            if kind == "output":
                return {output: sizes[output] for output in names}
            sizes[name] = int(height) * int(width) * int(channels)
    raise Failure(f"{path}.txt: no line says what the network puts out")


def find(build, what, isa="best"):
    """Ours first, then every peer that is there and can be held to `isa`; and a line for each that is not."""
    found, absent = [Ours(build), *(OursLower(build, precision) for precision in LOWER_PRECISIONS)], []
    makers = [(OneDnn.name, lambda: OneDnn(build)), (PyTorch.name, PyTorch)]
    if isa != "best":
        absent.append(f"{OnnxRuntime.name} is left out: it cannot be held to {isa}")
    elif "infer" in what or "cold" in what:
        makers.append((OnnxRuntime.name, lambda: OnnxRuntime(build)))
    for name, make in makers:
        try:
            found.append(make())
        except Failure as failure:
            absent.append(f"{name} is left out: {failure}")
            continue
        if name == OneDnn.name:
            found.append(OneDnnWinograd(build))
        if name == OnnxRuntime.name and "cold" in what:
            found.append(NodeAlone())
    return found, absent
