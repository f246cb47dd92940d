"""GetTranscript, page by page."""

from peer.case import Case, behaviour
from peer.chat import EVENT, Chat

MESSAGES = 250


def ids(items):
    return [item["Id"] for item in items]


def pages(chat, **parameters):
    """Every page from that start on."""
    while True:
        page = chat.transcript(**parameters)
        yield page
        if "NextToken" not in page:
            return
        parameters.pop("StartPosition", None)
        parameters["NextToken"] = page["NextToken"]


class LongChat(Case):
    """A chat of several hundred items, and what the simulator knows of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.long = Chat(cls.simulator).connected()
        for number in range(MESSAGES):
            cls.long.post("/agent/message", content=f"{number}")
        cls.truth = cls.long.control("GET", "/transcript")["items"]


@behaviour("paging")
class Paging(LongChat):
    def read(self, direction, order, size, start):
        """Ids from the start on, in the order of the direction, each as often as it came."""
        parameters = {"ScanDirection": direction, "SortOrder": order, "MaxResults": size}
        if start is not None:
            parameters["StartPosition"] = start
        found = []
        for page in pages(self.long, **parameters):
            self.assertEqual(page["InitialContactId"], self.long.id)
            self.assertLessEqual(len(page["Transcript"]), size)
            self.assertTrue(page["Transcript"])
            times = [item["AbsoluteTime"] for item in page["Transcript"]]
            self.assertEqual(times, sorted(times, reverse=order == "DESCENDING"))
            own_order = "ASCENDING" if direction == "FORWARD" else "DESCENDING"
            found += ids(page["Transcript"] if order == own_order else page["Transcript"][::-1])
        return found

    def starts(self, place):
        """All ways to begin at an item."""
        item = self.truth[place]
        return (
            {"Id": item["Id"]},
            {"AbsoluteTime": item["AbsoluteTime"]},
            {"MostRecent": len(self.truth) - place},
        )

    def test_the_truth_has_several_hundred_items(self):
        self.assertGreaterEqual(len(self.truth), MESSAGES)

    def test_every_item_comes_once_whatever_the_direction_the_order_and_the_start(self):
        truth = ids(self.truth)
        near = len(truth) - 90
        for order in ("ASCENDING", "DESCENDING"):
            for size in (7, 100):
                for place in (near, len(truth) - 1):
                    for start in self.starts(place):
                        with self.subTest(order=order, size=size, start=start):
                            forward = self.read("FORWARD", order, size, start)
                            self.assertEqual(forward, truth[place:])
                    for start in self.starts(place)[:: 1 if size == 100 else 2]:
                        with self.subTest(order=order, size=size, start=start, backward=True):
                            backward = self.read("BACKWARD", order, size, start)
                            self.assertEqual(backward, truth[place::-1])

    def test_the_whole_is_read_from_either_end(self):
        truth = ids(self.truth)
        first = {"Id": truth[0]}
        before_all, after_all = "2000-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"
        for start in (first, {"AbsoluteTime": before_all}):
            self.assertEqual(self.read("FORWARD", "ASCENDING", 50, start), truth)
        for start in (None, {"AbsoluteTime": after_all}, {"MostRecent": 1}, {"MostRecent": 0}):
            self.assertEqual(self.read("BACKWARD", "DESCENDING", 50, start), truth[::-1])
        self.assertEqual(self.read("BACKWARD", "ASCENDING", 1, {"Id": truth[3]}), truth[3::-1])

    def test_what_is_said_meanwhile_neither_repeats_nor_hides_an_item(self):
        chat = self.chat()
        for number in range(40):
            chat.post("/agent/message", content=f"{number}")
        truth = ids(chat.control("GET", "/transcript")["items"])
        backward, forward = [], []
        for page in pages(chat, MaxResults=9):
            backward += ids(page["Transcript"])
            chat.say("meanwhile")
        self.assertEqual(backward, truth[::-1])
        late = 0
        start = {"Id": truth[0]}
        for page in pages(
            chat, MaxResults=9, ScanDirection="FORWARD", SortOrder="ASCENDING", StartPosition=start
        ):
            forward += ids(page["Transcript"])
            if late < 5:
                chat.say("meanwhile again")
                late += 1
        self.assertEqual(forward, ids(chat.control("GET", "/transcript")["items"]))


@behaviour("transcript")
class Transcript(LongChat):
    def test_a_page_has_ten_items_the_newest_first_when_nothing_is_asked_for(self):
        page = self.long.transcript()
        self.assertEqual(ids(page["Transcript"]), ids(self.truth[:-11:-1]))
        page = self.long.transcript(StartPosition={"Id": self.truth[5]["Id"]})
        self.assertEqual(ids(page["Transcript"]), ids(self.truth[14:4:-1]))

    def test_an_item_that_is_not_there_is_no_start(self):
        page = self.long.transcript(StartPosition={"Id": "nobody-knows"})
        self.assertEqual(page["Transcript"], [])
        self.assertNotIn("NextToken", page)

    def test_starts_and_tokens_that_make_no_sense_are_refused(self):
        backward = self.long.transcript(MaxResults=1)["NextToken"]
        other = self.chat()
        other.say("one")
        other.say("two")
        foreign = other.transcript(MaxResults=1)["NextToken"]
        first = self.truth[0]
        for name, parameters in (
            ("StartPosition", {"ScanDirection": "FORWARD"}),
            (
                "StartPosition",
                {"StartPosition": {"Id": first["Id"], "AbsoluteTime": first["AbsoluteTime"]}},
            ),
            ("AbsoluteTime", {"StartPosition": {"AbsoluteTime": "yesterday"}}),
            ("NextToken", {"NextToken": foreign}),
            ("NextToken", {"NextToken": "made-up"}),
            ("ScanDirection", {"NextToken": backward, "ScanDirection": "FORWARD"}),
            ("ContactId", {"ContactId": other.id}),
        ):
            with self.subTest(name, parameters=list(parameters)):
                error = self.assert_refused(
                    self.participant,
                    "ValidationException",
                    400,
                    self.long.transcript,
                    **parameters,
                )
                self.assertIn(name, error["Error"]["Message"])

    def test_each_contact_of_a_chain_has_its_part(self):
        chat = self.chat()
        chat.post("/agent/message", content="with Jo")
        seat = chat.post("/transfer", to_agent="Kim")
        chat.say("with Kim")
        self.assertNotEqual(seat["contact_id"], chat.id)
        parts = {}
        for contact in (chat.id, seat["contact_id"]):
            page = chat.transcript(ContactId=contact, MaxResults=100, SortOrder="ASCENDING")
            self.assertEqual({item["ContactId"] for item in page["Transcript"]}, {contact})
            parts[contact] = page["Transcript"]
        self.assertEqual(parts[chat.id] + parts[seat["contact_id"]], chat.all_items())
        kinds = [item["ContentType"] for item in parts[chat.id]]
        self.assertIn(f"{EVENT}transfer.succeeded", kinds)
