"""By aiohttp: long-polls, a raw WebSocket, and event streams by aiohttp-sse-client2, which asks for no cache."""

import asyncio

import aiohttp
from aiohttp_sse_client2.client import EventSource

from scenario import QUIET_SECONDS, Client, Listener

SECONDS_MAX = 30


class AiohttpClient(Client):
    def __init__(self, base: str, channel: str):
        super().__init__(base, channel)
        self.loop = asyncio.new_event_loop()
        self.session = self.run(self.open())

    async def open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS_MAX))

    def run(self, work):
        return self.loop.run_until_complete(work)

    def publish(self, text: str) -> str:
        return self.run(self.post(text))

    async def post(self, text: str) -> str:
        async with self.session.post(self.url, data={"data": text}) as answer:
            answer.raise_for_status()
            self.newest = (await answer.json())["cursor"]
            return self.newest

    def close(self) -> None:
        self.run(self.session.close())
        self.loop.close()


class Poll(AiohttpClient):
    def listen(self, after: str) -> Listener:
        return PollListener(self, after)


class PollListener(Listener):
    def __init__(self, client: AiohttpClient, after: str):
        self.client = client
        self.cursor = after
        self.waiting: list[dict] = []

    def next(self) -> str:
        while not self.waiting:
            self.waiting = self.client.run(self.poll())
        message = self.waiting.pop(0)
        self.cursor = message["cursor"]
        return message["data"]

    async def poll(self) -> list[dict]:
        query = {"after": self.cursor, "wait": "10"}
        async with self.client.session.get(self.client.url, params=query) as answer:
            return (await answer.json())["messages"]

    def close(self) -> None:
        pass


class RawSocket(AiohttpClient):
    def listen(self, after: str) -> Listener:
        return RawListener(self, after)


class RawListener(Listener):
    def __init__(self, client: AiohttpClient, after: str):
        self.client = client
        self.socket = client.run(client.session.ws_connect(client.url, params={"after": after}))

    def next(self) -> str:
        text = self.client.run(self.socket.receive_str())
        self.cursor = self.client.newest
        return text

    def close(self) -> None:
        self.client.run(self.socket.close())


class SseClient(AiohttpClient):
    pause_seconds = QUIET_SECONDS

    def listen(self, after: str) -> Listener:
        return EventListener(self, after)


class EventListener(Listener):
    def __init__(self, client: AiohttpClient, after: str):
        self.client = client
        self.cursor = after
        headers = {"Last-Event-ID": after}
        self.source = EventSource(client.url, session=client.session, headers=headers)
        client.run(self.source.connect())

    def next(self) -> str:
        event = self.client.run(anext(self.source))
        self.cursor = event.last_event_id
        # It names no type where the stream names none.
        return event.data if event.type is None else f"({event.type})"

    def close(self) -> None:
        self.client.run(self.source.close())
