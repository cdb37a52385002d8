"""By websockets: raw messages, and laba.v1."""

import json
import urllib.request

from websockets.sync.client import connect

from scenario import Client, Listener

SECONDS_MAX = 30


class RawSocket(Client):
    """Publishes by HTTP: a raw socket is told no cursor."""

    def publish(self, text: str) -> str:
        request = urllib.request.Request(self.url, text.encode(), {"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
            self.newest = json.load(answer)["cursor"]
        return self.newest

    def listen(self, after: str) -> Listener:
        return RawListener(self, after)


class RawListener(Listener):
    def __init__(self, client: RawSocket, after: str):
        self.client = client
        self.socket = connect(f"{client.url.replace('http', 'ws', 1)}?after={after}")

    def next(self) -> str:
        text = self.socket.recv(timeout=SECONDS_MAX)
        self.cursor = self.client.newest
        return text

    def close(self) -> None:
        self.socket.close()


class LabaSocket(Client):
    """Publishes by a socket of its own."""

    def __init__(self, base: str, channel: str):
        super().__init__(base, channel)
        self.publisher = LabaListener(self, None)

    def publish(self, text: str) -> str:
        self.publisher.send({"op": "publish", "ref": 1, "channel": self.channel, "data": text, "type": "text/plain"})
        return self.publisher.receive("published")["cursor"]

    def listen(self, after: str) -> Listener:
        return LabaListener(self, after)

    def close(self) -> None:
        self.publisher.close()


class LabaListener(Listener):
    def __init__(self, client: LabaSocket, after: str | None):
        self.socket = connect(f"{client.base.replace('http', 'ws', 1)}/_/ws", subprotocols=["laba.v1"])
        assert self.socket.subprotocol == "laba.v1"
        self.receive("hello")
        if after is not None:
            self.send({"op": "subscribe", "ref": "s", "channel": client.channel, "after": after})
            assert self.receive("subscribed")["recovered"] is True

    def send(self, frame: dict) -> None:
        self.socket.send(json.dumps(frame))

    def receive(self, op: str) -> dict:
        frame = json.loads(self.socket.recv(timeout=SECONDS_MAX))
        assert frame["op"] == op, frame
        return frame

    def next(self) -> str:
        frame = self.receive("message")
        self.cursor = frame["cursor"]
        return frame["data"]

    def close(self) -> None:
        self.socket.close()
