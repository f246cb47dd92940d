"""Files: up, through the scanner, and down again, over real HTTP."""

from peer.case import Case, behaviour
from peer.simulator import request

BOAT = bytes(range(256)) * 1200


@behaviour("attachments")
class Attachments(Case):
    def setUp(self):
        super().setUp()
        self.chatting = self.chat()
        self.socket = self.chatting.socket()

    def start(self, name="boat.txt", content_type="text/plain", size=4, **more):
        return self.chatting.call(
            "start_attachment_upload",
            AttachmentName=name,
            ContentType=content_type,
            AttachmentSizeInBytes=size,
            **more,
        )

    def attachment(self, key, status="APPROVED"):
        """The item of a file, once it has that status."""
        wanted = lambda item: (
            item["Type"] == "ATTACHMENT"
            and item["Attachments"][0]["AttachmentId"] == key
            and item["Attachments"][0]["Status"] == status
        )
        return self.socket.until(wanted)

    def refused(self, call, member, **parameters):
        code = "ValidationException"
        error = self.assert_refused(self.participant, code, 400, call, **parameters)
        self.assertIn(member, error["Error"]["Message"])

    def test_a_file_goes_up_and_comes_down_as_it_was(self):
        key = self.chatting.attach("böat.png", "image/png", BOAT)
        item = self.attachment(key)
        [attachment] = item["Attachments"]
        self.assertEqual(attachment["AttachmentName"], "böat.png")
        self.assertEqual(attachment["ContentType"], "image/png")
        self.assertEqual(item["ParticipantRole"], "CUSTOMER")
        stored = [other for other in self.chatting.all_items() if other["Type"] == "ATTACHMENT"]
        self.assertEqual([other["Attachments"] for other in stored], [[attachment]])
        for disposition, word in ((None, "attachment"), ("INLINE", "inline")):
            more = {"UrlContentDisposition": disposition} if disposition else {}
            answer = self.chatting.call("get_attachment", AttachmentId=key, **more)
            self.assertEqual(answer["AttachmentSizeInBytes"], len(BOAT))
            status, headers, body = request("GET", answer["Url"])
            headers = {name.lower(): value for name, value in headers.items()}
            self.assertEqual((status, body), (200, BOAT))
            self.assertEqual(headers["content-type"], "image/png")
            self.assertTrue(headers["content-disposition"].startswith(word))

    def test_the_agent_sends_a_file(self):
        url = f"{self.endpoint}/_sim/contacts/{self.chatting.id}/agent/attachment?name=map.pdf"
        status, _, body = request("POST", url, b"%PDF", {"Content-Type": "application/pdf"})
        self.assertEqual(status, 200, body)
        wanted = lambda item: item["Type"] == "ATTACHMENT" and item["ParticipantRole"] == "AGENT"
        [attachment] = self.socket.until(wanted)["Attachments"]
        answer = self.chatting.call("get_attachment", AttachmentId=attachment["AttachmentId"])
        self.assertEqual(request("GET", answer["Url"])[2], b"%PDF")

    def test_a_download_url_expires(self):
        key = self.chatting.attach("boat.txt", "text/plain", b"boat")
        self.attachment(key)
        url = self.chatting.call("get_attachment", AttachmentId=key, UrlExpiryInSeconds=5)["Url"]
        self.assertEqual(request("GET", url)[0], 200)
        self.simulator.advance(6)
        status, headers, body = request("GET", url)
        self.assertEqual(status, 403)
        self.assertIn(b"<Error>", body)

    def test_an_upload_must_be_as_it_was_announced(self):
        started = self.start(size=4)["UploadMetadata"]
        url, headers = started["Url"], started["HeadersToInclude"]
        for data in (b"boa", b"boats", b""):
            status, _, body = request("PUT", url, data, headers)
            self.assertEqual(status // 100, 4, data)
            self.assertIn(b"<Error>", body)
        for missing in headers:
            fewer = {name: value for name, value in headers.items() if name != missing}
            self.assertEqual(request("PUT", url, b"boat", fewer)[0], 403, missing)
        self.assertEqual(request("PUT", url, b"boat", headers)[0], 200)

    def test_an_upload_url_expires(self):
        started = self.start()["UploadMetadata"]
        self.simulator.advance(15 * 60 + 1)
        status, _, _ = request("PUT", started["Url"], b"boat", started["HeadersToInclude"])
        self.assertEqual(status, 403)

    def test_a_file_that_the_scanner_rejects_is_shown_as_such_and_not_given_out(self):
        key = self.chatting.attach("virus.rejected.txt", "text/plain", b"evil")
        self.attachment(key, "REJECTED")
        self.refused(
            self.chatting.call, "AttachmentId", operation="get_attachment", AttachmentId=key
        )

    def test_a_scan_that_is_under_way_is_shown_when_the_simulator_is_set_so(self):
        self.simulator.set(announce_scans=True)
        self.addCleanup(self.simulator.set, announce_scans=False)
        key = self.chatting.attach("slow.txt", "text/plain", b"slow")
        begun = self.attachment(key, "IN_PROGRESS")
        done = self.attachment(key)
        self.assertEqual(begun["Id"], done["Id"])

    def test_what_may_not_be_sent_is_refused(self):
        start = self.start
        self.refused(start, "AttachmentSizeInBytes", size=20 * 1024 * 1024 + 1)
        start(size=20 * 1024 * 1024)
        self.refused(start, "AttachmentName", name="virus.exe")
        self.refused(start, "AttachmentName", name="nameless")
        key = self.start()["AttachmentId"]
        complete = dict(operation="complete_attachment_upload")
        self.refused(self.chatting.call, "AttachmentIds", **complete, AttachmentIds=[key])
        self.refused(self.chatting.call, "AttachmentIds", **complete, AttachmentIds=["unknown"])
        get = dict(operation="get_attachment")
        self.refused(self.chatting.call, "AttachmentId", **get, AttachmentId=key)
        self.refused(self.chatting.call, "AttachmentId", **get, AttachmentId="unknown")
