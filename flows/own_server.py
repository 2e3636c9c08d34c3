"""Prefect's API and UI, whose pages may ask nobody but this server."""

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reseal.collector import collect_seldom

# Logos of block types are elsewhere, and the V2 UI reports to somebody what is done in it.
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' data: blob:"
)


class AskingNobody:
    """Tell the browser with every answer that it may connect to nothing else."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with one header more."""

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = _POLICY
            await send(message)

        await self._application(scope, receive, say)


def create() -> Any:
    """Return the application, for uvicorn."""
    collect_seldom()
    # Thousands of modules.
    from prefect.server.api.server import create_app

    return AskingNobody(create_app())
