"""Run Snakemake in forks of a process that has imported it already.

    python -P forked_snakemake.py

Importing Snakemake takes longer than planning a tiny study, and the tests plan more than a hundred times. Each line on
standard input is a request, a JSON object with the arguments of `snakemake`, its working directory and its environment;
the answer is a line with its exit status and its output. A fork changes nothing in this process, which ends with the
process that started it.
"""

import json
import os
import sys
import tempfile

import snakemake.cli


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


def answer(arguments: list[str], folder: str, environment: dict[str, str]) -> dict[str, int | str]:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        if (child := os.fork()) == 0:
            for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), output.fileno(), errors.fileno())):
                os.dup2(file, number)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            sys.path[:0] = [folder, *environment["PYTHONPATH"].split(os.pathsep)]
            sys.argv[1:] = arguments
            snakemake.cli.main(arguments)  # raises SystemExit, which ends this fork
        _, status = os.waitpid(child, 0)
        texts = {}
        for name, stream in (("stdout", output), ("stderr", errors)):
            stream.seek(0)
            texts[name] = stream.read().decode()
    return {"returncode": os.waitstatus_to_exitcode(status), **texts}


if __name__ == "__main__":
    main()
