"""Many requests at a time on one connection: boto3 alone is too slow on a busy machine."""

import socket
from urllib.parse import urlsplit


def bytes_of(request):
    """A request that boto3 has prepared, as it goes over the wire."""
    parts = urlsplit(request.url)
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{request.method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
    for name, value in request.headers.items():
        if name.lower() not in ("host", "content-length"):
            lines.append(f"{name}: {value.decode() if isinstance(value, bytes) else value}")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def send_many(endpoint, requests):
    """Sends them all at once. Answers their statuses."""
    with socket.create_connection(("127.0.0.1", urlsplit(endpoint).port), timeout=20) as stream:
        with stream.makefile("rb") as answers:
            stream.sendall(b"".join(requests))
            return [read_answer(answers) for _ in requests]


def read_answer(answers):
    """Reads one answer. Answers its status."""
    status = int(answers.readline().split()[1])
    length = 0
    while line := answers.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    answers.read(length)
    return status
