"""The simulator as a process, and requests to it that are not schemathesis's."""

import http.client
import json
import os
import select
import subprocess
from urllib.parse import urlsplit

START_SECONDS = 10
STOP_SECONDS = 5


class Simulator:
    """A running `connect-chat simulate`."""

    def __init__(self, *arguments):
        command = [os.environ["CONNECT_CHAT"], "simulate", "--port", "0", "--seed", "7", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        first = self.process.stdout.readline() if ready else b""
        if not first:
            self.stop()
            raise AssertionError("the simulator does not start")
        self.endpoint = json.loads(first)["endpoint"]

    def stop(self):
        """Ends it. Answers its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()


def call(endpoint, method, path, body=None, bearer=None):
    """A request that must succeed. Answers the JSON object."""
    parts = urlsplit(endpoint)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    headers = {"Content-Type": "application/json"}
    if bearer:
        headers["X-Amz-Bearer"] = bearer
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, body=data, headers=headers)
        response = connection.getresponse()
        document = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise AssertionError(f"{method} {path}: {response.status}: {document}")
    return document
