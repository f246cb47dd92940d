"""What every test case of this peer does."""

import unittest

from botocore import xform_name

from peer.chat import Chat
from peer.clients import client, observed
from peer.simulator import Simulator


def behaviour(name):
    """Says which behaviour a test, or every test of a class, is about."""

    def mark(thing):
        thing.behaviour = name
        return thing

    return mark


class Prepared(Exception):
    """A request is ready, and goes no further."""

    def __init__(self, request):
        super().__init__()
        self.request = request


class Case(unittest.TestCase):
    """Tests with a simulator of their class. No answer in them may deviate from the model."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.simulator = Simulator(*cls.arguments)
        cls.addClassCleanup(cls.end_simulator)

    @classmethod
    def end_simulator(cls):
        status = cls.simulator.stop()
        if status != 0:
            raise AssertionError(f"the simulator ended with the status {status}")

    def setUp(self):
        observed.deviations.clear()
        self.endpoint = self.simulator.endpoint
        self.connect = client("connect", self.endpoint)
        self.participant = client("connectparticipant", self.endpoint)

    def tearDown(self):
        self.assertEqual(observed.deviations, [], "answers that deviate from the model")

    def chat(self, **start):
        """A chat whose customer has a connection token."""
        chat = Chat(self.simulator, **start).connected()
        self.addCleanup(chat.close)
        return chat

    def client_without_checks(self, service, endpoint=None):
        """A client that sends what it should not."""
        return client(service, endpoint or self.endpoint, validated=False)

    def prepared(self, sender, operation, request):
        """The HTTP request that boto3 makes of it, which is not sent."""

        def stop(request, **_):
            raise Prepared(request)

        event = f"before-send.{sender.meta.service_model.service_id.hyphenize()}.{operation}"
        sender.meta.events.register(event, stop)
        try:
            getattr(sender, xform_name(operation))(**request)
        except Prepared as prepared:
            return prepared.request
        finally:
            sender.meta.events.unregister(event, stop)
        raise AssertionError("the request was sent")

    def forgive(self, *deviations):
        """These deviations, and no others, are what the test wanted."""
        self.assertEqual(observed.deviations, list(deviations))
        observed.deviations.clear()

    def assert_refused(self, service, code, status, call, *arguments, **parameters):
        """The call raises the exception of that name, as boto3's own class. Answers it."""
        with self.assertRaises(getattr(service.exceptions, code)) as caught:
            call(*arguments, **parameters)
        error = caught.exception.response
        self.assertIs(type(caught.exception), getattr(service.exceptions, code))
        self.assertEqual(error["Error"]["Code"], code)
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], status)
        self.assertTrue(error["Error"]["Message"])
        self.assertEqual(error["ResponseMetadata"]["RetryAttempts"], 0)
        self.assertEqual(len(error["ResponseMetadata"]["RequestId"]), 36)
        return error
