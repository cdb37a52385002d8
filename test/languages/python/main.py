"""Runs every client once and prints a line of JSON each: `main.py <address of the server> <channel to begin names with>`."""

import json
import sys

import with_aiohttp
import with_httpx
import with_requests
import with_stomp
import with_websockets
from scenario import follow

CLIENTS = {
    "requests, long-poll": with_requests.Poll,
    "requests and sseclient-py": with_requests.SseClientPy,
    "requests-sse": with_requests.RequestsSse,
    "httpx-sse": with_httpx.HttpxSse,
    "aiohttp, long-poll": with_aiohttp.Poll,
    "aiohttp, raw WebSocket": with_aiohttp.RawSocket,
    "aiohttp-sse-client2": with_aiohttp.SseClient,
    "websockets, raw": with_websockets.RawSocket,
    "websockets, laba.v1": with_websockets.LabaSocket,
    "stomp.py, STOMP 1.2": with_stomp.Stomp,
    "stomp.py, STOMP 1.1": with_stomp.Stomp11,
}

base, channel = sys.argv[1:]
for number, (name, client) in enumerate(CLIENTS.items()):
    print(json.dumps({"client": name, "heard": follow(client(base, f"{channel}/{number}"))}), flush=True)
