"""Device leases: each job gets one of a machine's GPUs, because Snakemake counts GPUs but does not assign them.

In a Slurm job the devices are those that Slurm allocated to it, whatever CANIGATTI_DEVICES says.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

from canigatti.files import InputError

ALLOW_CPU = "CANIGATTI_ALLOW_CPU"  # environment variable: 1 lets networks run on the CPU although a GPU was asked for

_SLURM_JOB = "SLURM_JOB_ID"
_REQUEST_NO_GPU = "request no GPU (see profiles/slurm/config.yaml)"
_ALLOCATED = ("SLURM_STEP_GPUS", "SLURM_JOB_GPUS")
_RETRY_SECONDS = 0.5
_requests: list[tuple[str, str]] = []  # of the leased device: who asked for it, and how to ask for none
_locks: list[FileLock] = []  # never released: the operating system does it when the process ends, even if it is killed


def lease_device() -> str | None:
    """Wait for a device that no other job of this user has leased, and hide all others from TensorFlow.

    Call this before TensorFlow is imported. In a Slurm job, the devices are those of its allocation; without one, all
    GPUs are hidden. Elsewhere they are the comma-separated names in CANIGATTI_DEVICES; if that is not set, those in
    CUDA_VISIBLE_DEVICES; otherwise the numbers of all GPUs that nvidia-smi lists. A single device is shared by all
    jobs, without a lease.

    Returns:
        The device's name; None if there is no device.
    """
    devices = _list_devices()
    if not devices:
        if _SLURM_JOB in os.environ:  # a GPU that is not allocated to this job is that of another one
            os.environ["CUDA_VISIBLE_DEVICES"] = ""
        return None
    if _SLURM_JOB in os.environ:
        _requests.append((f"Slurm allocated the GPU {','.join(devices)} to this job", _REQUEST_NO_GPU))
    elif "CANIGATTI_DEVICES" in os.environ:
        _requests.append((f"CANIGATTI_DEVICES is {','.join(devices)}", "unset CANIGATTI_DEVICES"))
    device = devices[0] if len(devices) == 1 else _wait_for_lease(devices)
    os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # the numbering of nvidia-smi
    os.environ["CUDA_VISIBLE_DEVICES"] = device
    return device


def check_no_gpu_is_missing() -> None:
    """Call this if TensorFlow sees no GPU: a network would train on the CPU, for days, without a word.

    CANIGATTI_ALLOW_CPU=1 allows that, and the log says so.

    Raises:
        InputError: this process has leased a GPU that Slurm allocated, or that CANIGATTI_DEVICES names.
    """
    if not _requests:
        return
    asked, remedy = _requests[-1]
    if os.environ.get(ALLOW_CPU) == "1":
        print(f"{asked}, but TensorFlow sees no GPU; {ALLOW_CPU}=1 allows the CPU", flush=True)
        return
    raise InputError(
        f"{asked}, but TensorFlow sees no GPU: check the driver with nvidia-smi, and that TensorFlow was installed "
        f"with CUDA (make setup ACCELERATOR=gpu). To use the CPU instead, {remedy} or set {ALLOW_CPU}=1"
    )


def _wait_for_lease(devices: list[str]) -> str:
    # Slurm may number the GPUs of each job from 0: equal names in two jobs are different devices.
    job = f"-job{os.environ[_SLURM_JOB]}" if _SLURM_JOB in os.environ else ""
    folder = Path(tempfile.gettempdir(), f"canigatti-devices-{os.getuid()}{job}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if not (device := _lease_free_device(devices, folder)):
        print(f"waiting for one of the devices {', '.join(devices)}", flush=True)
    while not (device := device or _lease_free_device(devices, folder)):
        time.sleep(_RETRY_SECONDS)
    print(f"using device {device}", flush=True)
    return device


def _list_devices() -> list[str]:
    if _SLURM_JOB in os.environ:
        return _allocated_devices()
    for variable in ("CANIGATTI_DEVICES", "CUDA_VISIBLE_DEVICES"):
        if variable in os.environ:
            return _names(os.environ[variable])
    try:
        output = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    return [str(number) for number, _ in enumerate(line for line in output.splitlines() if line.startswith("GPU "))]


def _allocated_devices() -> list[str]:
    """Return the devices of this Slurm job.

    Slurm's own variables tell whether it has any: CUDA_VISIBLE_DEVICES may come from the shell that submitted the job.
    If it has, that variable has their names, which differ from those of the node where jobs see only their devices.
    """
    allocated = next((os.environ[variable] for variable in _ALLOCATED if os.environ.get(variable)), "")
    return _names(os.environ.get("CUDA_VISIBLE_DEVICES") or allocated) if allocated else []


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


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
