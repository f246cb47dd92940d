"""Each limit of each member of each request: beyond it there is an error, at it there is none."""

import functools
import json
import unittest

from botocore import xform_name
from botocore.exceptions import ClientError

from peer.case import Case, behaviour
from peer.clients import client, session
from peer.differences import (
    CANNOT_BE_SENT,
    DIFFERENT_ERROR,
    ONE_RULE,
    REFUSED_FOR_ANOTHER_REASON,
)
from peer.limits import changed, example_at, find, members, probes
from peer.valid_requests import CONNECT, MAKERS, service_of, valid_requests

BAD_REQUEST = {
    "connect": {"InvalidRequestException", "InvalidParameterException"},
    "connectparticipant": {"ValidationException"},
}


@functools.cache
def model_of(service):
    return session().client(service, region_name="us-east-1").meta.service_model


def operation_model(operation):
    return model_of(service_of(operation)).operation_model(operation)


def method_name(operation):
    return xform_name(operation)


class Answer:
    """What became of a request."""

    def __init__(self, error=None):
        response = error.response if error else {}
        self.code = response.get("Error", {}).get("Code")
        self.message = response.get("Error", {}).get("Message")
        self.status = response["ResponseMetadata"]["HTTPStatusCode"] if error else 200

    def __str__(self):
        return f"{self.status} {self.code}: {self.message}" if self.code else "200"


@behaviour("model limits")
class ModelLimits(Case):
    """The model drives: what it limits is tried, whether the simulator looks at it or not."""

    tried = 0

    def send(self, operation, request, wire=None):
        """Sends a request that boto3 itself does not check."""
        sender = client(service_of(operation), self.endpoint, validated=False)
        if wire is None:
            return self.answer(sender, operation, request)

        def write(params, **_):
            body = json.loads(params["body"])
            params["body"] = json.dumps(wire(body)).encode()

        event = f"before-call.{sender.meta.service_model.service_id.hyphenize()}.{operation}"
        sender.meta.events.register(event, write)
        try:
            return self.answer(sender, operation, request)
        finally:
            sender.meta.events.unregister(event, write)

    def answer(self, sender, operation, request):
        try:
            getattr(sender, method_name(operation))(**request)
        except ClientError as error:
            return Answer(error)
        # It took effect, and might not do so again.
        self.requests = None
        return Answer()

    def valid(self, operation):
        """Valid requests. What is refused changes nothing, so that they stay valid then."""
        if self.requests is None:
            self.requests = valid_requests(self.simulator, operation)
        return self.requests

    def try_probe(self, operation, variant, probe):
        request = self.valid(operation)[variant]
        ModelLimits.tried += 1
        if probe.on_the_wire:
            return self.send(operation, request, lambda body: changed(body, probe))
        return self.send(operation, changed(request, probe))

    def different(self, operation, probe):
        """The error that the place has on purpose."""
        place = (str(probe.member), probe.limit)
        return DIFFERENT_ERROR.get((operation, *place)) or DIFFERENT_ERROR.get(("*", *place))

    def assert_refused_for(self, operation, probe, answer):
        """It is refused, with the right class, and the text names the member."""
        different = self.different(operation, probe)
        if different:
            self.assertEqual((answer.status, answer.code), different, answer)
            return
        self.assertEqual(answer.status, 400, answer)
        declared = {shape.error_code for shape in operation_model(operation).error_shapes}
        self.assertIn(answer.code, BAD_REQUEST[service_of(operation)] & declared)
        self.assertIn(probe.member.name, answer.message)

    def assert_allowed(self, operation, probe, answer, refusals):
        """It is not refused, or for a reason that has nothing to do with the limit."""
        different = self.different(operation, probe)
        if different:
            self.assertEqual((answer.status, answer.code), different, answer)
            return
        place = (operation, str(probe.member), probe.limit)
        code, accepted = REFUSED_FOR_ANOTHER_REASON.get(place, (None, ()))
        self.assertEqual(answer.code, None if probe.value in accepted else code, answer)
        if place not in ONE_RULE:
            self.assertNotIn(str(answer), refusals, "the answer to what is beyond the limit")

    def limits_of(self, operation):
        self.requests = None
        variants = range(len(self.valid(operation)))
        for variant in variants:
            answer = self.send(operation, self.valid(operation)[variant])
            self.assertEqual(str(answer), "200", f"valid request {variant}")
        for member in members(operation_model(operation).input_shape):
            fitting = [n for n in variants if find(self.valid(operation)[n], member.path)]
            self.assertTrue(fitting, f"no valid request has {member}")
            self.limits_of_member(operation, fitting[0], member)

    def limits_of_member(self, operation, variant, member):
        def each():
            """The probes, from the request that is valid now; those beyond the limits first."""
            example = example_at(self.valid(operation)[variant], member)
            return sorted(probes(member, example), key=lambda probe: probe.allowed)

        refusals = set()
        for number in range(len(each())):
            probe = each()[number]
            if self.cannot_be_sent(operation, probe):
                continue
            place = {"member": str(member), "limit": probe.limit, "value": repr(probe.value)[:40]}
            with self.subTest(**place):
                answer = self.try_probe(operation, variant, probe)
                if probe.allowed:
                    self.assert_allowed(operation, probe, answer, refusals)
                else:
                    self.assert_refused_for(operation, probe, answer)
                    refusals.add(str(answer))

    def cannot_be_sent(self, operation, probe):
        """There is no path without its parameters."""
        if probe.limit == "required":
            return probe.member.location == "uri"
        return not probe.allowed and (operation, str(probe.member), probe.limit) in CANNOT_BE_SENT

    def test_every_operation_has_valid_requests(self):
        expected = set(model_of("connectparticipant").operation_names) | CONNECT
        self.assertEqual(set(MAKERS), expected)


def add_test(operation):
    name = f"test_limits_of_{method_name(operation)}"
    setattr(ModelLimits, name, lambda self: self.limits_of(operation))


for name in MAKERS:
    add_test(name)

if __name__ == "__main__":
    unittest.main()
