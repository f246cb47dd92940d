"""Every error that an operation declares, as boto3's own exception of that name."""

import json

from botocore.exceptions import ClientError

from peer.case import Case, behaviour
from peer.chat import START
from peer.clients import client
from peer.provoke import by_fault, for_real
from peer.simulator import Simulator
from peer.valid_requests import MAKERS, service_of, valid_requests
from test_model_limits import method_name, operation_model
from test_quotas import THROTTLED

# Caught in test_quotas, where there are quotas.
ELSEWHERE = {(operation, "ThrottlingException") for operation in THROTTLED}


@behaviour("errors")
class Errors(Case):
    caught = {"for real": 0, "by fault": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crowded = Simulator()
        cls.addClassCleanup(cls.crowded.stop)

    def operation_model(self, operation):
        return operation_model(operation)

    def sender(self, operation, code):
        endpoint = self.endpoint
        if (operation, code) == ("StartChatContact", "LimitExceededException"):
            endpoint = self.crowded.endpoint
        return self.client_without_checks(service_of(operation), endpoint)

    def errors_of(self, operation):
        for shape in operation_model(operation).error_shapes:
            code, status = shape.error_code, shape.metadata["error"]["httpStatusCode"]
            if (operation, code) in ELSEWHERE:
                continue
            with self.subTest(operation=operation, error=code):
                if by_fault(operation, code):
                    request = valid_requests(self.simulator, operation)[0]
                    self.simulator.answers(status, code, operation, times=1)
                else:
                    request = for_real(operation, code)(self, operation)
                sender = self.sender(operation, code)
                call = getattr(sender, method_name(operation))
                error = self.assert_refused(sender, code, status, call, **request)
                if by_fault(operation, code):
                    self.assertEqual(error["Error"]["Message"], "On purpose.")
                Errors.caught["by fault" if by_fault(operation, code) else "for real"] += 1

    def test_a_fault_of_the_command_line_strikes_as_often_as_it_says(self):
        answer = {"status": 500, "error_type": "InternalServiceException", "message": "On purpose."}
        fault = {"effect": {"answer": answer}, "operation": "StartChatContact", "times": 1}
        simulator = Simulator("--fault", json.dumps(fault))
        self.addCleanup(simulator.stop)
        sender = client("connect", simulator.endpoint)
        start = sender.start_chat_contact
        self.assert_refused(sender, "InternalServiceException", 500, start, **START)
        self.assertTrue(start(**START)["ContactId"])
        self.assertEqual(simulator.get("/state")["faults_struck"], {"answer": 1})

    def test_what_a_resource_that_is_not_found_is_called_reaches_the_client(self):
        request = valid_requests(self.simulator, "DescribeView")[0]
        body = {
            "__type": "ResourceNotFoundException",
            "Message": "On purpose.",
            "message": "On purpose.",
            "ResourceId": "contact-1",
            "ResourceType": "CONTACT",
        }
        # The form of the answer is the peer's own here, not the simulator's.
        answer = {"status": 404, "content_type": "application/json", "body": json.dumps(body)}
        self.simulator.fault({"answer_raw": answer}, operation="DescribeView", times=1)
        with self.assertRaises(self.participant.exceptions.ResourceNotFoundException) as caught:
            self.participant.describe_view(**request)
        error = caught.exception.response
        self.assertEqual((error["ResourceId"], error["ResourceType"]), ("contact-1", "CONTACT"))
        self.forgive("DescribeView: an error with two types")

    def test_what_is_no_answer_of_the_service_is_an_error_too(self):
        chat = self.chat()
        raw = {"status": 502, "content_type": "text/html", "body": "<h1>Bad gateway</h1>"}
        self.simulator.fault({"answer_raw": raw}, operation="SendMessage", times=1)
        with self.assertRaises(ClientError) as caught:
            chat.say("Hello")
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 502)
        self.forgive(
            "SendMessage: the content type text/html", "SendMessage: a body that is not JSON"
        )


def add_test(operation):
    name = f"test_errors_of_{method_name(operation)}"
    setattr(Errors, name, lambda self: self.errors_of(operation))


for name in MAKERS:
    add_test(name)
