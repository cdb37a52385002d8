"""By requests: long-polls, and event streams read by two parsers that go with it."""

import requests
import requests_sse
import sseclient

from scenario import QUIET_SECONDS, Client, Listener

SECONDS_MAX = 30


class RequestsClient(Client):
    def __init__(self, base: str, channel: str):
        super().__init__(base, channel)
        self.session = requests.Session()

    def publish(self, text: str) -> str:
        answer = self.session.post(self.url, data={"data": text}, timeout=SECONDS_MAX)
        answer.raise_for_status()
        return answer.json()["cursor"]

    def close(self) -> None:
        self.session.close()


class Poll(RequestsClient):
    def listen(self, after: str) -> Listener:
        return PollListener(self, after)


class PollListener(Listener):
    def __init__(self, client: RequestsClient, after: str):
        self.client = client
        self.cursor = after
        self.waiting: list[dict] = []

    def next(self) -> str:
        while not self.waiting:
            query = {"after": self.cursor, "wait": "10"}
            answer = self.client.session.get(self.client.url, params=query, timeout=SECONDS_MAX).json()
            assert answer["reset"] is None, answer
            self.waiting = answer["messages"]
        message = self.waiting.pop(0)
        self.cursor = message["cursor"]
        return message["data"]

    def close(self) -> None:
        pass


class EventListener(Listener):
    """What both parsers give: events with a name, data and an id."""

    def __init__(self, events, close):
        self.events = iter(events)
        self.close_stream = close
        self.cursor = ""

    def next(self) -> str:
        event = next(self.events)
        # One of them calls it `id`, the other as browsers do.
        self.cursor = getattr(event, "last_event_id", None) or event.id
        name = getattr(event, "type", None) or event.event
        return event.data if name == "message" else f"({name})"

    def close(self) -> None:
        self.close_stream()


class SseClientPy(RequestsClient):
    pause_seconds = QUIET_SECONDS

    def listen(self, after: str) -> Listener:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": after}
        answer = requests.get(self.url, headers=headers, stream=True, timeout=SECONDS_MAX)
        answer.raise_for_status()
        return EventListener(sseclient.SSEClient(answer).events(), answer.close)


class RequestsSse(RequestsClient):
    pause_seconds = QUIET_SECONDS

    def listen(self, after: str) -> Listener:
        source = requests_sse.EventSource(self.url, latest_event_id=after, timeout=SECONDS_MAX)
        source.connect()
        return EventListener(source, source.close)
