"""Clients of boto3, whose every answer is checked against the model as it comes in."""

import collections
import functools
import json
import re

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from peer import shapes

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Errors of all operations of `connect`, whether an operation lists them or not: the reference has
# them as common errors, and its page of StartChatContact names the second.
COMMON = {
    "connect": {"ThrottlingException", "TooManyRequestsException"},
    "connectparticipant": set(),
}


class Observed:
    """What has been seen of all answers."""

    def __init__(self):
        self.deviations = []
        self.answers = collections.Counter()
        self.errors = collections.Counter()
        self.request_ids = set()

    def see(self, operation_model, response_dict, **_):
        """One answer, before boto3 reads it: of repeated attempts, each one."""
        for deviation in self.deviations_of(operation_model, response_dict):
            self.deviations.append(f"{operation_model.name}: {deviation}")

    def deviations_of(self, operation, response):
        status, headers = response["status_code"], response["headers"]
        request_id = headers.get("x-amzn-requestid", "")
        if not UUID.fullmatch(request_id):
            yield "no request id"
        elif request_id in self.request_ids:
            yield "a request id that another answer had"
        self.request_ids.add(request_id)
        if headers.get("content-type") != "application/json":
            yield f"the content type {headers.get('content-type')}"
        try:
            document = json.loads(response["body"])
        except ValueError:
            yield "a body that is not JSON"
            return
        if status == 200:
            self.answers[operation.name] += 1
            yield from shapes.check(operation.output_shape, document)
        else:
            yield from self.deviations_of_error(operation, status, headers, document)

    def deviations_of_error(self, operation, status, headers, document):
        code = document.get("__type")
        service = operation.service_model
        self.errors[(operation.name, code)] += 1
        if headers.get("x-amzn-errortype") != code:
            yield "an error with two types"
        if not document.get("message") or document.get("message") != document.get("Message"):
            yield f"{code} without the same text in message and Message"
        shape = service.shape_for_error_code(code)
        declared = {shape.error_code for shape in operation.error_shapes}
        if shape is None or code not in declared | COMMON[service.service_name]:
            yield f"{code}, which the operation does not declare"
            return
        if shape.metadata["error"]["httpStatusCode"] != status:
            yield f"{code} with the status {status}"
        members = {name: value for name, value in document.items() if name not in shapes.OF_ERRORS}
        yield from shapes.check(shape, members, code)


observed = Observed()


@functools.cache
def session():
    # A session is slow to make, and so is a client: the model of `connect` is large.
    return boto3.session.Session()


@functools.cache
def client(service, endpoint, signed=True, attempts=1, validated=True):
    """A client of a service at that endpoint."""
    config = Config(
        signature_version=None if signed else UNSIGNED,
        retries={"total_max_attempts": attempts},
        parameter_validation=validated,
        connect_timeout=5,
        read_timeout=10,
    )
    made = session().client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
        config=config,
    )
    made.meta.events.register("before-parse", observed.see)
    return made


def default_client(service, endpoint):
    """A client as somebody makes it who configures nothing: it repeats what failed."""
    made = session().client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
    )
    made.meta.events.register("before-parse", observed.see)
    return made
