"""What schemathesis is helped with, and what each operation answered."""

import atexit
import collections
import itertools
import json
import os
import pathlib

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from chat import Chat
from simulator import call

ENDPOINT = os.environ["SIMULATOR"]
SETTINGS = call(ENDPOINT, "GET", "/_sim/settings")
# In each four cases with a contact: these many have a live one; the others what was generated.
LIVE = itertools.cycle([True, True, True, False])

chats = []
answers = collections.defaultdict(collections.Counter)


def control(method, path, body=None):
    return call(ENDPOINT, method, f"/_sim{path}", body)


def live_chat():
    """The chat so far while it is of use, and then another one."""
    if chats and chats[-1].is_of_use():
        return chats[-1]
    if chats:
        chats[-1].close()
    # What was injected and changed is for the control API to show, not for the chat to suffer.
    control("DELETE", "/faults")
    control("PATCH", "/settings", SETTINGS)
    control("PUT", "/script", {"ready": "silent"})
    chats.append(Chat(ENDPOINT))
    return chats[-1]


def whole_numbers(value):
    """Floats that are whole as integers, those that are exact."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {name: whole_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole_numbers(member) for member in value]
    return value


@schemathesis.hook
def map_body(context, body):
    # For JSON Schema 1.0 is an integer; for the service, as for its model, it is not.
    return whole_numbers(body)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts real ids where ids are good, that is, not where something bad is tried."""
    if case.meta is None or "contact_id" not in case.path_parameters:
        return
    if case.meta.is_negative_at(ParameterLocation.PATH) or not next(LIVE):
        return
    chat = live_chat()
    case.path_parameters["contact_id"] = chat.id
    good_body = isinstance(case.body, dict) and not case.meta.is_negative_at(ParameterLocation.BODY)
    if good_body and "message_id" in case.body:
        case.body["message_id"] = next(chat.messages)


@schemathesis.hook
def after_call(context, case, response):
    if case.method == case.operation.method.upper():
        answers[case.operation.label][response.status_code] += 1


@atexit.register
def write():
    if chats:
        chats[-1].close()
    pathlib.Path(os.environ["ANSWERS"]).write_text(json.dumps(answers))
