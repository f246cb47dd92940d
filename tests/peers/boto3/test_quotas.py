"""Quotas per second, as the documentation has them."""

import time

from botocore.exceptions import ClientError

from peer.case import Case, behaviour
from peer.chat import START
from peer.pipeline import bytes_of, send_many
from peer.valid_requests import service_of, valid_requests
from test_model_limits import method_name

# Requests per second, burst, and the operations that share them.
QUOTAS = (
    (10, 15, ("SendMessage", "SendEvent")),
    (8, 12, ("GetTranscript", "GetAttachment")),
    (6, 9, ("CreateParticipantConnection",)),
    (3, 5, ("DisconnectParticipant",)),
    (2, 5, ("StartAttachmentUpload", "CompleteAttachmentUpload")),
    (
        5,
        8,
        (
            "StartChatContact",
            "StartContactStreaming",
            "StopContactStreaming",
            "CreatePersistentContactAssociation",
            "CreateParticipant",
            "UpdateParticipantRoleConfig",
        ),
    ),
    (10, 15, ("StopContact",)),
)
THROTTLED = {operation for _, _, operations in QUOTAS for operation in operations}
# This operation has a name of its own for it: LimitExceededException is about too many chats.
CODES = {"StartChatContact": "TooManyRequestsException"}
MANY = 60


class Asked:
    """A request of boto3's, and how to send it once or many times."""

    def __init__(self, case, operation):
        self.case, self.operation = case, operation
        self.service = case.client_without_checks(service_of(operation))
        self.request = valid_requests(case.simulator, operation)[0]
        if operation == "DisconnectParticipant":
            # After one that is valid, the others are denied before they count.
            self.request["ClientToken"] = "x" * 501
        self.raw = bytes_of(case.prepared(self.service, operation, self.request))

    def many(self):
        """How many of many, sent at once, are not throttled, and in how many seconds."""
        began = time.monotonic()
        statuses = send_many(self.case.endpoint, [self.raw] * MANY)
        return sum(status != 429 for status in statuses), time.monotonic() - began

    def once(self):
        """What boto3 raises, if anything."""
        try:
            getattr(self.service, method_name(self.operation))(**self.request)
        except ClientError as error:
            return error
        return None

    def is_throttled(self, error):
        return error is not None and error.response["ResponseMetadata"]["HTTPStatusCode"] == 429


@behaviour("quotas")
class Quotas(Case):
    arguments = ("--quotas",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert cls.simulator.get("/state")["quotas"], "it was started with quotas"

    def setUp(self):
        super().setUp()
        self.simulator.set(quotas=False)

    def begin(self):
        """Every bucket is full."""
        self.simulator.set(quotas=True)
        self.simulator.advance(10)

    def throttled_after(self, drain, asked):
        """What boto3 raises when the quota has been used up: before some of it has come back."""
        for _ in range(200):
            drain.many()
            error = asked.once()
            if asked.is_throttled(error):
                return error
        self.fail(f"{asked.operation} is never throttled after {drain.operation}")

    def test_each_operation_has_its_burst_and_its_rate(self):
        for rate, burst, operations in QUOTAS:
            for operation in operations:
                with self.subTest(operation):
                    self.simulator.set(quotas=False)
                    asked = Asked(self, operation)
                    self.begin()
                    passed, seconds = asked.many()
                    self.assertGreaterEqual(passed, burst)
                    self.assertLessEqual(passed, burst + rate * seconds + 1)
                    throttled = self.simulator.get("/state")["throttled"]
                    self.assertGreaterEqual(throttled[operation], MANY - passed)
                    # One comes back in the time that the rate says.
                    asked.many()
                    self.simulator.advance(1 / rate)
                    self.assertFalse(asked.is_throttled(asked.once()))

    def test_operations_that_are_named_together_share_a_quota(self):
        for _, _, (first, *others) in QUOTAS:
            for other in others:
                with self.subTest(f"{first} and {other}"):
                    self.simulator.set(quotas=False)
                    drain, asked = Asked(self, first), Asked(self, other)
                    self.begin()
                    self.throttled_after(drain, asked)

    def test_a_throttled_request_raises_boto3s_own_class(self):
        for operation in sorted(THROTTLED):
            with self.subTest(operation):
                self.simulator.set(quotas=False)
                asked = Asked(self, operation)
                self.begin()
                error = self.throttled_after(asked, asked)
                code = CODES.get(operation, "ThrottlingException")
                self.assertIs(type(error), getattr(asked.service.exceptions, code))
                self.assertEqual(error.response["Error"]["Code"], code)
                self.assertEqual(error.response["Error"]["Message"], "Rate exceeded")

    def test_quotas_of_the_participant_service_are_of_an_instance(self):
        asked, neighbour = Asked(self, "SendMessage"), Asked(self, "SendMessage")
        stranger = self.chat(**{**START, "InstanceId": "another-instance"})
        self.begin()
        self.throttled_after(asked, neighbour)
        asked.many()
        self.assertTrue(stranger.say("Hello")["Id"])
