"""launch.py CORES PROGRAM [ARGUMENT…]: runs a program on these cores, then prints a line: seconds, peak MB.

Linux counts to a program's peak that of the process which starts it, so that must be a small one. With -IS for the
interpreter this one has 8 MB, half of what the smallest program that is measured needs."""
import os
import sys
import time

os.sched_setaffinity(0, map(int, sys.argv[1].split(",")))
start = time.monotonic()
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ), 0)
print(time.monotonic() - start, usage.ru_maxrss / 1024)
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)  # of a signal, as shells say it
