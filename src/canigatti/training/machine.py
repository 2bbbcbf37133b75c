"""What the last digits of a result depend on besides settings, code, photos and versions.

With one core instead of two, or without oneDNN, the same training ends with a loss that differs by 4e-5.
"""

import os
import platform
from pathlib import Path

from canigatti.cores import usable_cores
from canigatti.training.records import Machine

_VARIABLES = (
    *("TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TF_XLA_FLAGS", "XLA_FLAGS"),
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "OMP_NUM_THREADS"),
    "NVIDIA_TF32_OVERRIDE",
)


def describe_machine() -> Machine:
    """Return what the process runs on; two equal descriptions, with the same GPU, give the same numbers."""
    import tensorflow as tf

    return Machine(
        cpu=_cpu_model(),
        usable_cores=usable_cores(),
        intra_op_threads=tf.config.threading.get_intra_op_parallelism_threads(),
        inter_op_threads=tf.config.threading.get_inter_op_parallelism_threads(),
        variables={name: os.environ[name] for name in _VARIABLES if name in os.environ},
    )


def _cpu_model() -> str:
    """Return the name that Linux gives for the CPU; `platform` knows only the architecture there."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
