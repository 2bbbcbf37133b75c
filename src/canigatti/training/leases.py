"""One device for each job, where a machine has several: Snakemake counts GPUs and does not say which one a job has."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

_SECONDS_BETWEEN_TRIES = 0.5
_held: list[FileLock] = []  # until the process ends, in whatever way; the system then frees them


def lease_device() -> str | None:
    """Wait for a device that no other job of this user holds, and let TensorFlow see that one alone.

    Call it before TensorFlow starts. The devices are those of CANIGATTI_DEVICES or else of CUDA_VISIBLE_DEVICES, names
    with commas between; or else all GPUs that nvidia-smi lists, by its numbers. A single one is not leased: several
    jobs may share it.

    Returns:
        The device's name; None where there is none.
    """
    devices = _devices()
    if not devices:
        return None
    device = devices[0] if len(devices) == 1 else _leased(devices)
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # the order in which nvidia-smi counts
    os.environ["CUDA_VISIBLE_DEVICES"] = device
    return device


def _leased(devices: list[str]) -> str:
    folder = Path(tempfile.gettempdir(), f"canigatti-devices-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if not (device := _first_free(devices, folder)):
        print(f"waits for one of the devices {', '.join(devices)}", flush=True)
    while not (device := device or _first_free(devices, folder)):
        time.sleep(_SECONDS_BETWEEN_TRIES)
    print(f"on device {device}", flush=True)
    return device


def _devices() -> list[str]:
    for variable in ("CANIGATTI_DEVICES", "CUDA_VISIBLE_DEVICES"):
        if variable in os.environ:
            return [name.strip() for name in os.environ[variable].split(",") if name.strip()]
    try:
        listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [str(number) for number, _ in enumerate(line for line in listed.splitlines() if line.startswith("GPU "))]


def _first_free(devices: list[str], folder: Path) -> str | None:
    for device in devices:
        lock = FileLock(folder / f"{device.replace('/', '_')}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        _held.append(lock)
        return device
    return None
