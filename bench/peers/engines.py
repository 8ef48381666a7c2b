"""This library and the peers that are installed: how each is called, and the settings it is given a choice of."""
import dataclasses
import os
import shutil
import subprocess

from sampling import Failure, run

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"  # Debian's, whatever stands first in PATH: it is the one that python3-torch belongs to
ONNX_RUNTIME = "1.30.0"
BATCHES = (1, 32)
NETWORKS = ("reference", "deep", "mobile")
COLD_NETWORK = "reference"
TRAINED_WITH_NORMS = ("mobile",)
WITH_PLAIN_3X3 = ("reference", "deep")  # what Winograd's algorithm is for
LOWER_PRECISIONS = ("bf16", "int8")  # variants of ours.cpp that infer

# glibc's malloc returns large blocks to the system, and every step then pays for thousands of page faults; with these
# settings it keeps them.
KEPT_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "17179869184",
               "MALLOC_TOP_PAD_": "268435456"}


@dataclasses.dataclass(frozen=True)
class Case:
    what: str  # infer, train or cold
    network: str
    batch: int
    threads: int

    @property
    def file(self):
        norms = self.what == "train" and self.network in TRAINED_WITH_NORMS
        return self.network + ("_norms" if norms else "")

    def __str__(self):
        return f"{self.what} {self.network}, batch {self.batch}, {self.threads} thread{'s' if self.threads > 1 else ''}"


@dataclasses.dataclass(frozen=True)
class Variant:
    name: str = ""  # as the program knows it
    kept_malloc: bool = False

    def __str__(self):
        return self.name + (", kept malloc" if self.kept_malloc else "")


class Engine:
    name = ""
    title = ""  # with version; what is no engine of its own has none
    tolerance = 1e-4  # of its outputs against ours, relative to the largest; more is an error

    def variants(self, case):
        """The settings to choose from; none: this engine does not take part in the case."""
        raise NotImplementedError

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
    tolerance = 0.1  # only to see that it does the same work: what it costs in accuracy, `lineament evaluate` says

    def __init__(self, build, precision):
        super().__init__(build)
        self.name, self.title, self.precision = lower(precision), "", precision

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

    def variants(self, case):
        if case.what == "cold" or case.file != case.network:  # batch norm
            return []
        return [Variant("any"), Variant("blocked"), Variant("nhwc")]


class OneDnnWinograd(OneDnn):
    """An engine of its own beside oneDNN as it is used by PyTorch and others, which do not ask for Winograd's algorithm."""
    name = "oneDNN Winograd"

    def __init__(self, build):
        super().__init__(build)
        self.title = ""

    def variants(self, case):
        if case.what == "cold" or case.network not in WITH_PLAIN_3X3:
            return []
        return [Variant("any-winograd"), Variant("blocked-winograd")]


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

    def variants(self, case):
        names = {"infer": ("nchw", "channels-last", "jit", "jit-channels-last"), "train": ("nchw", "channels-last")}
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
        if not os.path.isdir(os.path.join(self.modules, "onnxruntime-node")):
            self.install(os.path.dirname(self.modules))
        self.title = f"ONNX Runtime {ONNX_RUNTIME}"

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

    def variants(self, case):
        return [] if case.what == "train" else [Variant()]

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


def find(build, what):
    """Ours first, then every peer that is there; and a line for each that is not."""
    found, absent = [Ours(build), *(OursLower(build, precision) for precision in LOWER_PRECISIONS)], []
    makers = [(OneDnn.name, lambda: OneDnn(build)), (PyTorch.name, PyTorch)]
    if "infer" in what or "cold" in what:
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
