"""By httpx, and httpx-sse for event streams: the parser that takes any block for an event."""

import httpx
import httpx_sse

from scenario import QUIET_SECONDS, Client, Listener


class HttpxSse(Client):
    pause_seconds = QUIET_SECONDS

    def __init__(self, base: str, channel: str):
        super().__init__(base, channel)
        self.http = httpx.Client(timeout=30)

    def publish(self, text: str) -> str:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return self.http.post(self.url, content=text.encode(), headers=headers).raise_for_status().json()["cursor"]

    def listen(self, after: str) -> Listener:
        return HttpxListener(self.http, self.url, after)

    def close(self) -> None:
        self.http.close()


class HttpxListener(Listener):
    def __init__(self, http: httpx.Client, url: str, after: str):
        self.cursor = after
        self.stream = httpx_sse.connect_sse(http, "GET", url, headers={"Last-Event-ID": after})
        self.events = self.stream.__enter__().iter_sse()

    def next(self) -> str:
        event = next(self.events)
        self.cursor = event.id
        return event.data if event.event == "message" else f"({event.event})"

    def close(self) -> None:
        self.events.close()
        self.stream.__exit__(None, None, None)
