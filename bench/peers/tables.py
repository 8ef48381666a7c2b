"""What tools/compare prints: tables of medians, with the target beside each ratio."""
import dataclasses
import statistics

from engines import (COLD_NETWORK, HEATMAP_NETWORKS, LOWER_PRECISIONS, NodeAlone, OneDnn, OneDnnWinograd, OnnxRuntime,
                     Ours, PyTorch, lower)

# How many times faster than the best peer (in training: than that peer) this library is to be.
INFERENCE = {"reference": 1.5, "deep": 1.5, "mobile": 1.25, **dict.fromkeys(HEATMAP_NETWORKS, 1.25)}
TRAINING = {OneDnnWinograd.name: 1.5, PyTorch.name: 2.5}
LOWER_SPEED = {lower("int8"): 2.5}  # against the best peer in fp32
TWO_THREADS = 1.8  # times one thread's, at batch 32 and in training
COLD = 3.0  # the only peer there is ONNX Runtime
MEMORY = 1 / 3  # of PyTorch's peak in training, at most
COLD_MS = 100
where = ""  # the machine, named with each table, so that none is taken for another's
NO_PEERS = (Ours.name, NodeAlone.name, *map(lower, LOWER_PRECISIONS))


class Results:
    """Samples by case, engine and variant. The variant with the lowest median stands for its engine."""

    def __init__(self):
        self.samples = {}
        self.peaks = {}  # case -> engine -> MB

    def add_peak(self, case, engine, sample):
        """Of every variant that was tried: the leanest one stands for its engine, even if a faster one needs more."""
        peaks = self.peaks.setdefault(case, {})
        peaks[engine] = min(sample.peak_mb, peaks.get(engine, sample.peak_mb))

    def add(self, case, engine, variant, sample):
        self.samples.setdefault(case, {}).setdefault(engine, {}).setdefault(variant, []).append(sample)

    def cases(self, what):
        return [case for case in self.samples if case.what == what]

    def best(self, case, engine):
        """(variant, its samples), or None if the engine took no part."""
        variants = self.samples[case].get(engine)
        if not variants:
            return None
        return min(variants.items(), key=lambda item: median(item[1]))

    def ms(self, case, engine):
        best = self.best(case, engine)
        return median(best[1]) if best else None

    def disturbed(self, case, engine):
        samples = self.best(case, engine)[1]
        return 2 * sum(s.disturbed for s in samples) >= len(samples)

    def peers(self, what):
        names = {}
        for case in self.cases(what):
            names.update(dict.fromkeys(self.samples[case]))
        return [name for name in names if name not in NO_PEERS]


def median(samples):
    return statistics.median(s.ms for s in samples)


def table(title, header, rows):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    print(f"\n{title} ({where})" if where else f"\n{title}")
    for row in [header, *rows]:
        # The first column holds names, the rest numbers.
        numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))
        print("  ".join([row[0].ljust(widths[0]), *numbers]).rstrip())


def verdict(value, target, at_least=True):
    if target is None:
        return ""
    reached = value >= target if at_least else value <= target
    return f"{target:.2f} {'reached' if reached else 'MISSED '}"


def milliseconds(results, case, engine):
    value = results.ms(case, engine)
    if value is None:
        return "-"
    return f"{value:.2f}{'*' if results.disturbed(case, engine) else ''}"


def best_peer(results, case, without=()):
    times = {name: results.ms(case, name) for name in results.peers(case.what) if name not in without}
    times = {name: ms for name, ms in times.items() if ms is not None}
    return min(times, key=times.get) if times else None


def compared(results, case, peer, target, ours=Ours.name):
    """The cells of a ratio and its target."""
    if peer is None or results.ms(case, peer) is None:
        return ["-", ""]
    ratio = results.ms(case, peer) / results.ms(case, ours)
    return [f"{ratio:.2f}", verdict(ratio, target)]


def print_inference(results):
    peers = results.peers("infer")
    rows = []
    for case in results.cases("infer"):
        row = [case.network, str(case.batch), str(case.threads)]
        row += [milliseconds(results, case, name) for name in (Ours.name, *peers)]
        for without in ((), (OneDnnWinograd.name,)):
            peer = best_peer(results, case, without)
            row += [peer or "-", *compared(results, case, peer, INFERENCE.get(case.network))]
        rows.append(row)
    header = ["network", "batch", "threads", Ours.name, *peers, "best peer", "ratio", "target"]
    header += ["best without Winograd", "ratio", "target"]
    table("Inference, fp32, ms", header, rows)


def print_lower(results):
    rows = []
    for case in results.cases("infer"):
        peer = best_peer(results, case)
        row = [case.network, str(case.batch), str(case.threads), milliseconds(results, case, Ours.name)]
        for name in map(lower, LOWER_PRECISIONS):
            row.append(milliseconds(results, case, name))
            row += compared(results, case, peer, LOWER_SPEED.get(name), name)
        rows.append(row)
    header = ["network", "batch", "threads", Ours.name]
    for name in map(lower, LOWER_PRECISIONS):
        header += [name, "ratio", "target"]
    table("Inference in lower precision against the best peer in fp32, ms", header, rows)


def print_training(results):
    peers = results.peers("train")
    rows = []
    for case in results.cases("train"):
        row = [case.file.replace("_", ", "), str(case.threads), milliseconds(results, case, Ours.name)]
        for peer in peers:
            row += [milliseconds(results, case, peer), *compared(results, case, peer, TRAINING.get(peer))]
        rows.append(row)
    header = ["network", "threads", Ours.name, *(cell for peer in peers for cell in (peer, "ratio", "target"))]
    table("Training step (forward, backward, Adam), batch 32, fp32, ms", header, rows)


def print_memory(results):
    peers = results.peers("train")
    rows = []
    for case in results.cases("train"):
        peaks = results.peaks[case]
        row = [case.file.replace("_", ", "), str(case.threads),
               *(f"{peaks[name]:.0f}" if name in peaks else "-" for name in (Ours.name, *peers))]
        if PyTorch.name in peaks:
            share = peaks[Ours.name] / peaks[PyTorch.name]
            row += [f"{share:.2f}", verdict(share, MEMORY, at_least=False)]
        else:
            row += ["-", ""]
        rows.append(row)
    table("Peak memory of the process in training, batch 32, leanest settings, MB",
          ["network", "threads", Ours.name, *peers, "of PyTorch's", "target"], rows)


def print_threads(results):
    """One thread's time divided by that of two."""
    rows = []
    for case in [*results.cases("infer"), *results.cases("train")]:
        two = dataclasses.replace(case, threads=2)
        if case.threads != 1 or case.batch == 1 or two not in results.samples:
            continue
        row = [case.what, case.file.replace("_", ", ")]
        for name in (Ours.name, *map(lower, LOWER_PRECISIONS)):
            ms = results.ms(case, name), results.ms(two, name)
            row += ["-", ""] if None in ms else [f"{ms[0] / ms[1]:.2f}", verdict(ms[0] / ms[1], TWO_THREADS)]
        rows.append(row)
    if rows:
        header = ["", "network"]
        for name in ("fp32", *LOWER_PRECISIONS):
            header += [name, "target"]
        table("Two threads beside one, batch 32: how many times as fast", header, rows)


def print_cold(results):
    peers = results.peers("cold")
    rows = []
    for case in results.cases("cold"):
        ours = results.ms(case, Ours.name)
        row = [case.network, str(case.threads), milliseconds(results, case, Ours.name),
               verdict(ours, COLD_MS, at_least=False)]
        for peer in peers:
            row += [milliseconds(results, case, peer), *compared(results, case, peer, COLD)]
        rows.append(row + ([milliseconds(results, case, NodeAlone.name)] if peers else []))
    header = ["network", "threads", Ours.name, "target"]
    header += [cell for peer in peers for cell in (peer, "ratio", "target")]
    table(f"Cold start: a process that loads '{COLD_NETWORK}' and does one forward pass, batch 1, ms",
          header + ([f"({NodeAlone.name})"] if peers else []), rows)


def print_settings(results):
    cases = [case for case in results.samples if case.what != "cold"]
    peers = [name for name in dict.fromkeys(results.peers("infer") + results.peers("train")) if name != OnnxRuntime.name]
    if not peers:
        return
    rows = []
    for case in cases:
        best = [results.best(case, name) for name in peers]
        rows.append([str(case), *(str(b[0]) if b else "-" for b in best)])
    table("Settings that were fastest, and counted", ["case", *peers], rows)


def print_all(results):
    prints = {"infer": [print_inference, print_lower], "train": [print_training, print_memory], "cold": [print_cold]}
    for what in prints:
        if results.cases(what):
            for print_one in prints[what]:
                print_one(results)
    print_threads(results)
    print_settings(results)
    if any(results.disturbed(case, engine) for case, engines in results.samples.items() for engine in engines):
        print("\n* in half of the rounds or more, others took more than 8 % of a core, in every attempt")
