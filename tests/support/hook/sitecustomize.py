"""Python reads this file when it starts: Snakemake and its jobs run in the warm process, see `warm.py`."""

import json
import os
import socket
import sys

_WORDS = [word for word in sys.orig_argv[1:4] if word != "-P"]
_SERVER = os.environ.get("CANIGATTI_WARM_SERVER")

if _SERVER and _WORDS[:1] == ["-m"] and _WORDS[1:2] in (["canigatti"], ["snakemake"]):
    arguments = sys.orig_argv[sys.orig_argv.index(_WORDS[1]) :]
    request = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(_SERVER)
        socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
        answer = connection.recv(100)
    os._exit(int(answer or 1))
