"""The simulator as a process, and its control API."""

import http.client
import itertools
import json
from urllib.parse import urlsplit

from simulator_process import SimulatorProcess

# Each simulator has a seed of its own, the same in each run: their ids are different then.
SEEDS = itertools.count(7)


class ControlError(Exception):
    """The control API has refused something."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


def request(method, url, body=None, headers=None):
    """One HTTP request to a URL of the simulator. Answers status, headers and body."""
    parts = urlsplit(url)
    if parts.hostname != "127.0.0.1":
        raise AssertionError(f"the simulator gave out a URL of another host: {parts.hostname}")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


class Simulator(SimulatorProcess):
    """A running `connect-chat simulate`, and its control API."""

    def __init__(self, *arguments):
        super().__init__(next(SEEDS), *arguments)

    def control(self, method, path, body=None):
        """A request to the control API. Answers the JSON object."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        status, _, answer = request(method, f"{self.endpoint}/_sim{path}", data, headers)
        document = json.loads(answer)
        if status != 200:
            raise ControlError(status, document.get("error", document))
        return document

    def post(self, path, **body):
        return self.control("POST", path, body)

    def get(self, path):
        return self.control("GET", path)

    def set(self, **settings):
        return self.control("PATCH", "/settings", settings)

    def fault(self, effect, **limits):
        """Something goes wrong from now on."""
        return self.control("POST", "/faults", {"effect": effect, **limits})["fault"]

    def answers(self, status, error_type, operation, message="On purpose.", **limits):
        """An operation answers an error from now on."""
        answer = {"status": status, "error_type": error_type, "message": message}
        return self.fault({"answer": answer}, operation=operation, **limits)

    def advance(self, seconds):
        return self.post("/clock", advance_ms=round(seconds * 1000))
