"""What the figures were measured on."""
import os
import platform


def machine():
    """Makers give processors of several years one name: family and model tell them apart."""
    known = {}
    with open("/proc/cpuinfo") as file:
        for line in file:
            key, _, value = line.partition(":")
            known.setdefault(key.strip(), value.strip())
    arm = f"implementer {known.get('CPU implementer')}, part {known.get('CPU part')}" if "CPU part" in known else ""
    name = known.get("model name") or f"{platform.machine()} {arm}".strip()
    if "cpu family" in known and "model" in known:
        name += f" (family {known['cpu family']}, model {known['model']})"
    return {"processor": name, "cores": os.cpu_count(),
            "system": platform.platform(), "isa": os.environ.get("LINEAMENT_ISA", "best")}


def title():
    info = machine()
    return f"{info['processor']}, {info['cores']} cores, instruction set: {info['isa']}"
