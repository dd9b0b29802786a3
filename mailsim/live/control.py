"""The control endpoint of a running topology: one JSON line in, one JSON line out, on 127.0.0.1.

A mailbox hands in without SMTP, so ``mailsim send`` hands its message over here. A token keeps other users of the
machine out.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from typing import Any

from mailsim.live.addressing import require_loopback

LONGEST_REQUEST = 256 * 1024 * 1024
"""A message in base64 with its envelope; Exchange Online takes 150 MB."""

# whoever has no token can send that much all the same, before it is looked at
_REQUESTS_AT_ONCE = 4
_REQUEST_SECONDS = 60.0

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class ControlEndpoint:
    """Listens on a free port of 127.0.0.1.

    Args:
        token: what every request must carry.
        handler: answers a request; a ValueError's text is sent back as the error.
    """

    def __init__(self, token: str, handler: Handler) -> None:
        self._token = token
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._places = asyncio.Semaphore(_REQUESTS_AT_ONCE)

    async def open(self) -> int:
        """Listen; return the port."""
        here = require_loopback("127.0.0.1")
        self._server = await asyncio.start_server(self._serve, here, 0, limit=LONGEST_REQUEST)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._places, asyncio.timeout(_REQUEST_SECONDS):
                answer = self._answer(await reader.readline())
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            return
        finally:
            writer.close()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            if not isinstance(request, dict) or not hmac.compare_digest(
                str(request.get("token")), self._token
            ):
                return {"error": "not allowed"}
            return self._handler(request)
        except KeyError as error:
            return {"error": f"the request has no {error}"}
        except (ValueError, TypeError) as error:
            return {"error": str(error)}
