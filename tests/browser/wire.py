"""JSON over a WebSocket, as both browsers are driven: numbered calls with
their answers, and events in between."""

import contextlib
import json
import threading

import websocket

from rig import LIMIT, Trouble, deadline, left


class Wire:
    def __init__(self, url):
        self.socket = websocket.create_connection(
            url, timeout=LIMIT, suppress_origin=True, max_size=None)
        self.socket.settimeout(None)
        self.news = threading.Condition()
        self.serial, self.answers, self.events = 0, {}, []
        self.closed = False
        # event's method -> what is to be done at once, in the reader's thread
        self.at_once = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(websocket.WebSocketException, OSError):
            while text := self.socket.recv():
                message = json.loads(text)
                if do := self.at_once.get(message.get("method")):
                    do(message)
                with self.news:
                    if "id" in message:
                        self.answers[message["id"]] = message
                    else:
                        self.events.append(message)
                    self.news.notify_all()
        with self.news:
            self.closed = True
            self.news.notify_all()

    def send(self, method, params, **more):
        with self.news:
            self.serial += 1
            serial = self.serial
        self.socket.send(json.dumps(
            {"id": serial, "method": method, "params": params, **more}))
        return serial

    def _wait(self, find, what, seconds=None):
        end = deadline(seconds)
        with self.news:
            while (found := find()) is None:
                if self.closed or not self.news.wait(left(end)):
                    raise Trouble(f"the browser never answered: {what}")
            return found

    def call(self, method, params, seconds=None, **more):
        """The call's result; an error of the browser is Trouble."""
        serial = self.send(method, params, **more)
        got = self._wait(lambda: self.answers.pop(serial, None),
                         f"{method} {params}", seconds)
        if "error" in got:
            raise Trouble(f"{method}: {json.dumps(got)[:2000]}")
        return got.get("result") or {}

    def mark(self):
        """Where wait_event may start to look."""
        with self.news:
            return len(self.events)

    def wait_event(self, method, fits=lambda event: True, since=0):
        return self._wait(
            lambda: next((e for e in self.events[since:]
                          if e["method"] == method and fits(e)), None),
            f"event {method}")

    def close(self):
        self.socket.close()
