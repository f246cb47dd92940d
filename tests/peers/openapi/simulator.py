"""Requests to the simulator that are not schemathesis's."""

import http.client
import json
from urllib.parse import urlsplit


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
