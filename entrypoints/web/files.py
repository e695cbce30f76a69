"""Style sheets, scripts and pictures."""

from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent
HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}  # asked for each time, by its ETag


class Files(StaticFiles):
    """The files of a folder."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        return response


def shared() -> Mount:
    """What all our pages have in common."""
    return Mount("/static", Files(directory=HERE / "static"))
