"""The listeners of a live run, and the connections that came in by them.

Owned by the worker. One ``loop.create_server`` for each modelled address and port, on the loopback address that carries
it; where nobody listens a port is kept shut, so that a connection there is refused by the machine itself.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from ipaddress import IPv4Address

from mailsim.errors import Bug, LiveError
from mailsim.live.guard import most_connections
from mailsim.live.run import Endpoint, Run
from mailsim.live.server import ServerConnection, Welcome
from mailsim.live.sockets import bound_socket
from mailsim.world.topology import Mta

_LAST_PORT = 65535


class Listeners:
    """Everything that listens.

    Args:
        run: the live run.
        port_offset: added to each modelled port; None takes free ports, so that runs do not meet.
    """

    def __init__(self, run: Run, port_offset: int | None) -> None:
        self._run = run
        self._offset = port_offset
        self._servers: list[asyncio.Server] = []
        self._endpoints: dict[tuple[IPv4Address, int], Endpoint] = {}
        self._shut: dict[tuple[IPv4Address, int], socket.socket] = {}
        self._connections: set[ServerConnection] = set()
        self._strangers: Counter[Endpoint] = Counter()
        self._most_strangers = most_connections()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every listener, in the topology's order."""
        return tuple(self._endpoints.values())

    async def open(self) -> None:
        """Listen everywhere.

        Raises:
            LiveError: the machine refuses one; nothing is left open then.
        """
        try:
            for mta in self._run.pipeline.world.mtas.values():
                for address, port in mta.listeners:
                    await self._listen(mta, address, port)
        except BaseException:
            await self.close()
            raise

    def port_for(self, address: IPv4Address, port: int, *, shut: bool = False) -> int:
        """Return the port of this machine that stands for a modelled one: its listener's, or one that is shut.

        A host that is down keeps its listener, which nothing in the simulation reaches.

        Args:
            address: modelled.
            port: modelled.
            shut: whether a fault refuses the connection.


        Raises:
            LiveError: the machine has no port left.
        """
        key = address, port
        if not shut and key in self._endpoints and self._run.pipeline.server_at(address, port) is not None:
            return self._endpoints[key].actual_port
        if key not in self._shut:
            self._shut[key] = bound_socket(self._carrier(address), 0, whose=f"{address}:{port}")
        return int(self._shut[key].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, break off every connection, and wait until nothing is left."""
        for server in self._servers:
            server.close()
        while self._connections:
            await self._connections.pop().end()
        for server in self._servers:
            await server.wait_closed()
        for shut in self._shut.values():
            shut.close()
        self._servers.clear()
        self._shut.clear()

    async def _listen(self, mta: Mta, address: IPv4Address, port: int) -> None:
        # Of two MTAs with one address the wire reaches one, and the prediction says which.
        if self._run.pipeline.owner_of(address, port) is not mta or (address, port) in self._endpoints:
            return
        loopback, wanted = self._carrier(address), 0 if self._offset is None else port + self._offset
        if wanted > _LAST_PORT:
            raise LiveError(f"port {wanted} for {mta.fqdn}:{port} does not exist; choose a smaller offset")
        bound = bound_socket(loopback, wanted, whose=f"{mta.fqdn}:{port}")
        endpoint = Endpoint(
            mta_id=mta.id,
            fqdn=mta.fqdn,
            address=address,
            port=port,
            loopback=loopback,
            actual_port=bound.getsockname()[1],
        )
        self._servers.append(await self._serve(bound, endpoint))
        self._endpoints[address, port] = endpoint

    async def _serve(self, bound: socket.socket, endpoint: Endpoint) -> asyncio.Server:
        def connection() -> ServerConnection:
            return ServerConnection(self._run, endpoint, self._opened, self._closed)

        try:
            return await asyncio.get_running_loop().create_server(connection, sock=bound)
        except OSError as error:
            bound.close()
            raise LiveError(
                f"cannot listen on port {endpoint.actual_port} of {endpoint.loopback} "
                f"({endpoint.fqdn}:{endpoint.port}): {error}"
            ) from error

    def _opened(self, connection: ServerConnection) -> Welcome:
        """Count a connection and tell whether there is a place for it; our own clients always have one."""
        self._connections.add(connection)
        if connection.is_ours:
            return Welcome.COME_IN
        endpoint, limit = connection.endpoint, self._run.guard.connections
        self._run.tick()
        self._strangers[endpoint] += 1
        if endpoint.mta_id in self._run.pipeline.world.down:
            return Welcome.NOT_A_WORD
        here, in_all = self._strangers[endpoint], self._strangers.total()
        if here > 2 * limit or in_all > self._most_strangers:
            return Welcome.NOT_A_WORD
        return Welcome.COME_IN if here <= limit else Welcome.GO_AWAY

    def _closed(self, connection: ServerConnection) -> None:
        self._connections.discard(connection)
        if not connection.is_ours:
            self._strangers[connection.endpoint] -= 1

    def _carrier(self, address: IPv4Address) -> IPv4Address:
        carrier = self._run.plan.carrier(address)
        if carrier is None:
            raise Bug(f"{address} is not an address of the topology")
        return carrier
