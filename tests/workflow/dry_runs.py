"""Dry-run a finished study once for each edited file, in forks of a process that has imported Snakemake already.

    python dry_runs.py FOLDER FILE…

It prints a JSON object: by file, the output of `snakemake --dry-run` after editing this file alone. Importing Snakemake
takes longer than planning a tiny study, and there are more than a hundred modules.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import snakemake.cli

ARGUMENTS = ["--dry-run", "--cores", "2", "--configfile", "study.yaml"]


def main() -> None:
    folder, files = Path(sys.argv[1]), sys.argv[2:]
    os.chdir(folder)
    json.dump({file: dry_run_after_editing(Path(file)) for file in files}, sys.stdout)


def dry_run_after_editing(file: Path) -> str:
    """Append a line to a file, plan, and restore the file with its times."""
    content, status = file.read_bytes(), file.stat()
    file.write_bytes(content + b"\nEDITED = True\n")
    try:
        return dry_run()
    finally:
        file.write_bytes(content)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def dry_run() -> str:
    with tempfile.TemporaryFile() as output:
        if (child := os.fork()) == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            snakemake.cli.main(ARGUMENTS)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        text = output.read().decode()
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(text)
    return text


if __name__ == "__main__":
    main()
