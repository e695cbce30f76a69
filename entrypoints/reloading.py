"""`replyes serve --reload`, for those who change the code: a child process that starts again when a file changes."""

import asyncio
import os
import socket

import uvicorn
from uvicorn.supervisors import ChangeReload

from entrypoints.serve import Options, serve

HOST, SANDBOX = "REPLYES_RELOAD_HOST", "REPLYES_RELOAD_SANDBOX"


def run(options: Options, listening: socket.socket) -> None:
    """Supervise until SIGINT or SIGTERM."""
    os.environ |= {HOST: options.host, SANDBOX: str(int(options.sandbox))}
    config = uvicorn.Config("entrypoints.web.app:build", reload=True, log_config=None)
    ChangeReload(config, target=_child, sockets=[listening]).run()


def _child(sockets: list[socket.socket] | None) -> None:
    for listening in sockets or []:
        options = Options(os.environ[HOST], listening.getsockname()[1], os.environ[SANDBOX] == "1")
        asyncio.run(serve(options, listening))
