"""A Slurm cluster of one node, this machine, in a folder of its own: two fake GPUs, no accounting, no systemd.

It needs root and Debian's packages slurmctld, slurmd, slurm-client and munge. `python tests/slurm/cluster.py COMMAND`
runs a command with the cluster's environment, and tears the cluster down after it.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
_PROGRAMS = ("slurmctld", "slurmd", "sbatch", "srun", "munged")
_START_SECONDS = 60

# Memory is limited by a daemon that looks every second, not by the kernel: not every container may use control groups.
_CONFIGURATION = """
ClusterName=canigatti
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,batch_sched_delay=0,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
GresTypes=gpu
ReturnToService=2
KillWait=20
MinJobAge=3600
OverTimeLimit=0
SlurmctldTimeout=30
SlurmdTimeout=30
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory} Gres=gpu:2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=60 DefMemPerCPU=500 State=UP
"""


def missing() -> str:
    """Return why no cluster can be started here; an empty text if one can."""
    if os.getuid() != 0:
        return "Slurm's daemons start as root"
    absent = [name for name in _PROGRAMS if shutil.which(name, path=_path()) is None]
    return f"{', '.join(absent)} not found: apt-get install {' '.join(PACKAGES)}" if absent else ""


@contextmanager
def one_node() -> Iterator[dict[str, str]]:
    """Start the cluster; yield the environment in which Slurm's commands find it."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    daemons = []
    path = os.pathsep.join([str(folder / "bin"), _path()])
    environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}
    try:
        _configure(folder)
        daemons += _start(folder, environment)
        _wait_for_node(folder, environment)
        yield environment
    finally:
        subprocess.run(["scancel", "--full", "--signal=KILL", "--me"], env=environment, check=False, timeout=30)
        _end(daemons)
        shutil.rmtree(folder, ignore_errors=True)


def _path() -> str:
    return os.pathsep.join([*os.get_exec_path(), "/usr/sbin", "/sbin"])


def _configure(folder: Path) -> None:
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    # The Snakemake that runs in a job starts `srun` without the variable that says where the configuration is.
    srun = folder / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n', encoding="utf-8")
    srun.chmod(0o755)
    host = socket.gethostname()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 9 // 10 // 2**20
    cores = len(os.sched_getaffinity(0))
    settings = {"host": host, "ports": _free_ports(2), "folder": folder, "cores": cores, "memory": memory}
    (folder / "slurm.conf").write_text(_CONFIGURATION.format(**settings), encoding="utf-8")
    for number in range(2):
        os.mknod(folder / f"gpu{number}", 0o600 | 0o020000, os.makedev(1, 3))  # as /dev/null
    (folder / "gres.conf").write_text(f"AutoDetect=off\nName=gpu File={folder}/gpu[0-1]\n", encoding="utf-8")
    key = folder / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _start(folder: Path, environment: dict[str, str]) -> list[subprocess.Popen]:
    munge = ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={folder}/munge.key"]
    munge += [f"--{name}-file={folder}/munge.{name}" for name in ("pid", "log", "seed")]
    daemons = [_daemon(munge, folder, environment)]
    _wait(lambda: (folder / "munge.socket").exists(), folder)
    for name in ("slurmctld", "slurmd"):
        daemons.append(_daemon([name, "-D", "-c", "-f", f"{folder}/slurm.conf"], folder, environment))
    return daemons


def _daemon(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen:
    output = (folder / f"{command[0]}.out").open("wb")
    return subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)


def _wait_for_node(folder: Path, environment: dict[str, str]) -> None:
    def idle() -> bool:
        answer = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"], env=environment, capture_output=True, text=True, check=False
        )
        return answer.stdout.strip() == "idle"

    _wait(idle, folder)


def _wait(condition, folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in folder.glob("*.log"))
            raise RuntimeError(f"the Slurm cluster did not start:\n{logs}")
        time.sleep(0.2)


def _end(daemons: list[subprocess.Popen]) -> None:
    for daemon in reversed(daemons):
        daemon.terminate()
        try:
            daemon.wait(timeout=20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


if __name__ == "__main__":
    with one_node() as variables:
        sys.exit(subprocess.run(sys.argv[1:], env=variables, check=False).returncode)
