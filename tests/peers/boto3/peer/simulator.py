"""The simulator as a process, and its control API."""

import http.client
import itertools
import json
import os
import select
import subprocess
from urllib.parse import urlsplit

START_SECONDS = 10
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


class Simulator:
    """A running `connect-chat simulate`."""

    def __init__(self, *arguments):
        program = os.environ["CONNECT_CHAT"]
        seed = str(next(SEEDS))
        command = [program, "simulate", "--port", "0", "--seed", seed, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        first = self.process.stdout.readline() if ready else b""
        if not first:
            self.stop()
            raise AssertionError("the simulator does not start")
        self.endpoint = json.loads(first)["endpoint"]

    def stop(self):
        """Ends it; it must end in an orderly way. Answers its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()

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
