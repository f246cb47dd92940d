"""The checks of this peer can fail: each finds what is wrong with an answer made up here."""

import json
import unittest

from peer import shapes
from peer.clients import Observed
from test_model_limits import model_of, operation_model

ITEM = {
    "AbsoluteTime": "2026-01-02T03:04:05.678Z",
    "Content": "Hello",
    "ContentType": "text/plain",
    "Id": "1",
    "Type": "MESSAGE",
}
VIEW = {"Id": "a:b", "Name": "Größe 1", "Version": 1, "Content": {"Actions": ["Go"]}}


class Checks(unittest.TestCase):
    def deviations(self, name, value, extras=None):
        return list(shapes.check(model_of("connectparticipant").shape_for(name), value, "", extras))

    def test_what_is_as_in_the_model_passes(self):
        self.assertEqual(self.deviations("Item", ITEM), [])
        self.assertEqual(self.deviations("View", VIEW), [])

    def test_each_kind_of_deviation_is_found(self):
        for shape, change in (
            ("Item", {"AbsoluteTime": "2026-01-02T03:04:05Z"}),
            ("Item", {"AbsoluteTime": 1767323045}),
            ("Item", {"Content": ""}),
            ("Item", {"Content": "x" * 16_385}),
            ("Item", {"Type": "NEWS"}),
            ("Item", {"Unknown": "x"}),
            ("Item", {"Content": None}),
            ("Item", {"Attachments": {}}),
            ("Item", {"Attachments": [{"Status": "LOST"}]}),
            ("Item", {"MessageMetadata": {"Receipts": [{"ReadTimestamp": "now"}]}}),
            ("View", {"Id": "a b"}),
            ("View", {"Name": " \N{SNOWMAN}"}),
            ("View", {"Version": "1"}),
            ("View", {"Version": True}),
            ("View", {"Version": 2**31}),
            ("View", {"Content": []}),
            ("View", {"Content": {"Actions": ["\N{SNOWMAN}"]}}),
        ):
            with self.subTest(shape, **change):
                valid = {"Item": ITEM, "View": VIEW}[shape]
                self.assertEqual(len(self.deviations(shape, {**valid, **change})), 1)
        self.assertEqual(len(self.deviations("GetAttachmentResponse", {})), 1)
        headers = {"HeadersToInclude": {"": "x", "a": "x" * 257}}
        self.assertEqual(len(self.deviations("UploadMetadata", headers)), 2)

    def test_what_only_sockets_have_passes_there_only(self):
        item = {**ITEM, "InitialContactId": "1", "MessageMetadata": {"ChunkNumber": 1}}
        self.assertEqual(self.deviations("Item", item, shapes.ON_SOCKET), [])
        self.assertEqual(len(self.deviations("Item", item)), 2)
        item["MessageMetadata"]["ChunkNumber"] = "1"
        self.assertEqual(len(self.deviations("Item", item, shapes.ON_SOCKET)), 1)

    def seen(self, operation, status, body, **headers):
        observed = Observed()
        fixed = {
            "x-amzn-requestid": "11111111-2222-4333-8444-555555555555",
            "content-type": "application/json",
        }
        response = {"status_code": status, "headers": {**fixed, **headers}, "body": body}
        observed.see(operation_model(operation), response)
        return observed.deviations

    def error(self, code, status, operation="SendMessage", **members):
        document = {"__type": code, "message": "No.", "Message": "No.", **members}
        headers = {"x-amzn-errortype": code}
        return self.seen(operation, status, json.dumps(document), **headers)

    def test_errors_that_the_operation_has_not_are_found(self):
        self.assertEqual(self.error("ValidationException", 400), [])
        self.assertEqual(len(self.error("ValidationException", 404)), 1)
        self.assertEqual(len(self.error("ConflictException", 409)), 1)
        self.assertEqual(len(self.error("InventedException", 400)), 1)
        self.assertEqual(len(self.error("ValidationException", 400, Message="Other.")), 1)
        self.assertEqual(len(self.error("ValidationException", 400, More=1)), 1)

    def test_answers_without_the_form_of_one_are_found(self):
        good = b'{"Id":"1"}'
        self.assertEqual(self.seen("SendMessage", 200, good), [])
        self.assertEqual(len(self.seen("SendMessage", 200, b"<html>")), 1)
        self.assertEqual(len(self.seen("SendMessage", 200, good, **{"x-amzn-requestid": "1"})), 1)
        self.assertEqual(
            len(self.seen("SendMessage", 200, good, **{"content-type": "text/html"})), 1
        )


if __name__ == "__main__":
    unittest.main()
