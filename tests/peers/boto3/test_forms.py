"""Views, and the authentication of customers."""

import json
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from peer.case import Case, behaviour
from peer.chat import EVENT, MESSAGE
from peer.simulator import request
from peer.valid_requests import session_id

REDIRECT = "https://example.com/back?from=chat"


class Form(HTMLParser):
    """The form of a page, as a browser has it."""

    def __init__(self, page):
        super().__init__()
        self.action, self.hidden, self.buttons = "", {}, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "form":
            self.action = values.get("action", "")
            assert values["method"].lower() == "post", values
        elif tag == "input" and values.get("type") == "hidden":
            self.hidden[values["name"]] = values["value"]
        elif tag == "button":
            self.buttons.append({"name": values.get("name"), "value": values.get("value")})


@behaviour("view")
class View(Case):
    def test_a_view_that_is_shown_is_described_and_answered(self):
        chat = self.chat()
        socket = chat.socket()
        view = {
            "id": "form:1/$a",
            "name": "A form",
            "version": 3,
            "input_schema": '{"type":"object"}',
            "template": '{"Head":{}}',
            "actions": ["Submit", "Cancel"],
        }
        shown = chat.post("/bot/view", **view)["item"]
        item = socket.message(shown["Content"])
        self.assertEqual(item["ContentType"], f"{MESSAGE}interactive")
        content = json.loads(item["Content"])["data"]["content"]
        self.assertEqual(content["viewId"], view["id"])
        # The token has characters that a path cannot have as they are.
        self.assertRegex(content["viewToken"], "[/+=]")
        found = chat.call("describe_view", ViewToken=content["viewToken"])["View"]
        self.assertTrue(found.pop("Arn").endswith(f"/view/{view['id']}"))
        self.assertEqual(
            found,
            {
                "Id": view["id"],
                "Name": view["name"],
                "Version": 3,
                "Content": {
                    "InputSchema": view["input_schema"],
                    "Template": view["template"],
                    "Actions": view["actions"],
                },
            },
        )
        answer = '{"templateType":"ViewResource","version":"1.0","action":"Submit","data":{}}'
        chat.say(answer, f"{MESSAGE}interactive.response")

    def test_a_view_of_another_chat_is_not_found(self):
        chat, other = self.chat(), self.chat()
        shown = other.post("/bot/view", id="form", name="Form")["item"]
        token = json.loads(shown["Content"])["data"]["content"]["viewToken"]
        for unknown in (token, "no/such+view="):
            self.assert_refused(
                self.participant,
                "ResourceNotFoundException",
                404,
                chat.call,
                "describe_view",
                ViewToken=unknown,
            )


@behaviour("authentication")
class Authentication(Case):
    def setUp(self):
        super().setUp()
        self.chatting = self.chat()
        self.socket = self.chatting.socket()

    def begin(self):
        """The session of an authentication that begins now."""
        session = session_id(self.chatting)
        wanted = lambda item: (
            item["ContentType"] == f"{EVENT}authentication.initiated"
            and json.loads(item["Content"])["SessionId"] == session
        )
        self.socket.until(wanted)
        return session

    def url(self, session):
        return self.chatting.call(
            "get_authentication_url", SessionId=session, RedirectUri=REDIRECT
        )["AuthenticationUrl"]

    def test_the_customer_authenticates_on_the_page_or_does_not(self):
        for outcome, event in (
            ("succeeded", "authentication.succeeded"),
            ("failed", "authentication.failed"),
            ("cancelled", "authentication.cancelled"),
        ):
            with self.subTest(outcome):
                session = self.begin()
                url = self.url(session)
                status, _, page = request("GET", url)
                self.assertEqual(status, 200)
                form = Form(page.decode())
                self.assertIn({"name": "outcome", "value": outcome}, form.buttons)
                answer = urlencode({**form.hidden, "outcome": outcome})
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                status, headers, _ = request("POST", urljoin(url, form.action), answer, headers)
                self.assertEqual(status, 303)
                location = {name.lower(): value for name, value in headers.items()}["location"]
                self.assertEqual(urlsplit(location).hostname, "example.com")
                query = parse_qs(urlsplit(location).query)
                self.assertEqual(query["from"], ["chat"])
                if outcome == "succeeded":
                    self.assertEqual(query["state"], [session])
                    self.assertTrue(query["code"])
                else:
                    self.assertTrue(query["error"])
                self.socket.event(event)

    def test_the_url_is_given_within_a_minute_only(self):
        session = self.begin()
        self.simulator.advance(61)
        self.assert_refused(self.participant, "AccessDeniedException", 403, self.url, session)

    def test_the_customer_cancels(self):
        session = self.begin()
        self.chatting.call("cancel_participant_authentication", SessionId=session)
        cancelled = self.socket.event("authentication.cancelled")
        self.assertEqual(json.loads(cancelled["Content"]), {"SessionId": session})
        for call in (
            lambda: self.chatting.call("cancel_participant_authentication", SessionId=session),
            lambda: self.url(session),
        ):
            error = self.assert_refused(self.participant, "ValidationException", 400, call)
            self.assertIn("SessionId", error["Error"]["Message"])

    def test_the_other_ends_of_an_authentication_are_told(self):
        for name in ("timeout", "expired"):
            self.begin()
            self.chatting.post("/events", name=f"authentication_{name}")
            item = self.socket.event(f"authentication.{name}")
            self.assertEqual(item["Type"], "EVENT")
