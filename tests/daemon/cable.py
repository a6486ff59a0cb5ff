"""A TCP connection to a server that can be pulled out, or shut like the door of a server that is away."""

from __future__ import annotations

import asyncio


class Cable:
    """Leads from a port of its own to *target*, a port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._out = asyncio.Event()
        self._out.set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def __aenter__(self) -> Cable:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()

    def pull(self) -> None:
        """Nothing goes through any more, and nothing is refused."""
        self._out.clear()

    def plug(self) -> None:
        """Connections of before are dead, as after a change of network."""
        self._out.set()
        self.cut()

    def cut(self) -> None:
        """Ends what is connected."""
        for task in list(self._tasks):
            task.cancel()

    async def shut(self) -> None:
        """Ends what is connected and takes nothing new: the server is away."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._out.set()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def open(self) -> None:
        """The server is there, at the same port as before."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        await self._out.wait()
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        for source, sink in ((reader, other_writer), (other_reader, writer)):
            task = asyncio.create_task(self._pass(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._out.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
