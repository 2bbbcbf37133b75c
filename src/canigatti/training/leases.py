"""Device leases: each job gets one of a machine's GPUs, because Snakemake counts GPUs but does not assign them."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

_RETRY_SECONDS = 0.5
_locks: list[FileLock] = []  # never released: the operating system does it when the process ends, even if it is killed


def lease_device() -> str | None:
    """Wait for a device that no other job of this user has leased, and hide all others from TensorFlow.

    Call this before TensorFlow is imported. The devices are the comma-separated names in CANIGATTI_DEVICES; if that is
    not set, those in CUDA_VISIBLE_DEVICES; otherwise the numbers of all GPUs that nvidia-smi lists. A single device is
    shared by all jobs, without a lease.

    Returns:
        The device's name; None if there is no device.
    """
    devices = _list_devices()
    if not devices:
        return None
    device = devices[0] if len(devices) == 1 else _wait_for_lease(devices)
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # the numbering of nvidia-smi
    os.environ["CUDA_VISIBLE_DEVICES"] = device
    return device


def _wait_for_lease(devices: list[str]) -> str:
    folder = Path(tempfile.gettempdir(), f"canigatti-devices-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if not (device := _lease_free_device(devices, folder)):
        print(f"waiting for one of the devices {', '.join(devices)}", flush=True)
    while not (device := device or _lease_free_device(devices, folder)):
        time.sleep(_RETRY_SECONDS)
    print(f"using device {device}", flush=True)
    return device


def _list_devices() -> list[str]:
    for variable in ("CANIGATTI_DEVICES", "CUDA_VISIBLE_DEVICES"):
        if variable in os.environ:
            return [name.strip() for name in os.environ[variable].split(",") if name.strip()]
    try:
        output = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [str(number) for number, _ in enumerate(line for line in output.splitlines() if line.startswith("GPU "))]


def _lease_free_device(devices: list[str], folder: Path) -> str | None:
    for device in devices:
        lock = FileLock(folder / f"{device.replace('/', '_')}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        _locks.append(lock)
        return device
    return None
