"""By stomp.py: STOMP over TCP."""

import os
import queue

import stomp

from scenario import Client, Listener

SECONDS_MAX = 30


class Frames(stomp.ConnectionListener):
    """Every frame that comes, in its order."""

    def __init__(self):
        self.frames = queue.Queue()

    def on_message(self, frame):
        self.frames.put(frame)

    def on_receipt(self, frame):
        self.frames.put(frame)

    def on_error(self, frame):
        self.frames.put(frame)

    def next(self, command: str):
        frame = self.frames.get(timeout=SECONDS_MAX)
        assert frame.cmd == command, (frame.cmd, frame.headers, frame.body)
        return frame


class Stomp(Client):
    """Publishes by a connection of its own, whose subscription tells the cursor."""

    connection_class = stomp.Connection12

    def __init__(self, base: str, channel: str):
        super().__init__(base, channel)
        self.publisher = StompListener(self, None)

    def publish(self, text: str) -> str:
        self.publisher.connection.send(self.channel, text, headers={"colour": "red: dark"})
        message = self.publisher.frames.next("MESSAGE")
        assert message.headers["colour"] == "red: dark", message.headers
        return message.headers["cursor"]

    def listen(self, after: str) -> Listener:
        return StompListener(self, after)

    def close(self) -> None:
        self.publisher.close()


class Stomp11(Stomp):
    connection_class = stomp.Connection11


class StompListener(Listener):
    def __init__(self, client: Stomp, after: str | None):
        self.frames = Frames()
        address = ("127.0.0.1", int(os.environ["LABA_STOMP_PORT"]))
        self.connection = client.connection_class([address], heartbeats=(10_000, 10_000))
        self.connection.set_listener("", self.frames)
        self.connection.connect("guest", "guest", wait=True)
        headers = {"receipt": "listening"}
        if after is not None:
            headers["after"] = after
        self.acknowledges = after is not None
        self.connection.subscribe(
            client.channel, id="1", ack="client-individual" if self.acknowledges else "auto", headers=headers
        )
        receipt = self.frames.next("RECEIPT")
        assert after is None or receipt.headers["recovered"] == "true", receipt.headers

    def next(self) -> str:
        message = self.frames.next("MESSAGE")
        self.cursor = message.headers["cursor"]
        if "ack" in message.headers:
            self.connection.ack(message.headers["ack"])
        elif self.acknowledges:
            self.connection.ack(message.headers["message-id"], "1")
        return message.body

    def close(self) -> None:
        self.connection.disconnect()
