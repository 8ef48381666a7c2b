"""Running and measuring programs: one at a time, pinned to cores, watching what others take of the processor."""
import contextlib
import dataclasses
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

LAUNCH = [sys.executable, "-IS", os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")]
FOREIGN_LIMIT = 0.08  # of a core
TRIES = 3


class Failure(Exception):
    """A program did not do what it was asked; the message is for the user."""


@dataclasses.dataclass
class Sample:
    ms: float  # median of the runs within one process; of a cold start: of whole processes
    peak_mb: float
    foreign: float  # seconds of processor time that others, or the host of this machine, took in each second
    losses: list

    @property
    def disturbed(self):
        return self.foreign > FOREIGN_LIMIT


@dataclasses.dataclass
class Finished:
    result: dict
    wall: float
    processor: float
    peak_mb: float


def usable_processors():
    """Two that this process may use, and whether each is a core of its own: two threads of one core slow each other."""
    first, others = {}, []
    for processor in sorted(os.sched_getaffinity(0)):
        try:
            with open(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list") as file:
                core = file.read()
        except OSError:
            core = processor
        if first.setdefault(core, processor) != processor:
            others.append(processor)
    return [*first.values(), *others][:2], len(first) > 1


def processors_for(threads):
    """As launch.py takes them. One thread gets the second: most systems put their interrupts on the first."""
    return ",".join(map(str, usable_processors()[0][-threads:]))


def processor_seconds():
    """What all processes together have used so far, and what the host has kept from them: user, nice, system, irq,
    softirq, steal."""
    with open("/proc/stat") as file:
        fields = [int(word) for word in file.readline().split()[1:]]
    return sum(fields[i] for i in (0, 1, 2, 5, 6, 7)) / os.sysconf("SC_CLK_TCK")


def run(command, threads, environment):
    """One process, from its start to its end."""
    with tempfile.TemporaryFile() as errors:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), **environment}
        process = subprocess.Popen([*LAUNCH, processors_for(threads), *map(str, command)], stdout=subprocess.PIPE,
                                   stderr=errors, env=environment, start_new_session=True)
        try:
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the program, too: the session has both
            raise
        process.returncode = os.waitstatus_to_exitcode(status)  # Popen would wait a second time
        process.stdout.close()
        if process.returncode != 0:
            errors.seek(0)
            message = (errors.read().decode(errors="replace").strip() or "no message").splitlines()[-1]
            raise Failure(f"{' '.join(map(str, command))}: exit code {process.returncode}: {message}")
    *lines, launched = output.decode().strip().splitlines()
    result = json.loads(lines[-1]) if lines else {"ms": [], "losses": []}
    wall, peak_mb = map(float, launched.split())
    return Finished(result, wall, usage.ru_utime + usage.ru_stime, peak_mb)


def take_once(command, threads, environment, starts):
    before, began = processor_seconds(), time.monotonic()
    runs = [run(command, threads, environment) for _ in range(max(starts, 1))]
    elapsed, busy = time.monotonic() - began, processor_seconds() - before
    times = [r.wall * 1e3 for r in runs] if starts else runs[0].result["ms"]
    return Sample(statistics.median(times), max(r.peak_mb for r in runs),
                  max(0.0, busy - sum(r.processor for r in runs)) / elapsed, runs[0].result["losses"])


def take(command, threads, environment, starts=0, tries=TRIES):
    """A sample: of the runs that one process measures, or, with `starts`, of that many whole processes. When others
    disturb it, it is taken again, and the least disturbed one is given."""
    samples = []
    for attempt in range(tries):
        if attempt:
            time.sleep(attempt)
        samples.append(take_once(command, threads, environment, starts))
        if not samples[-1].disturbed:
            break
    return min(samples, key=lambda s: s.foreign)
