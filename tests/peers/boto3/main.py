"""Runs the tests and writes one line of result for each behaviour."""

import collections
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def tests_of(suite):
    for part in suite:
        if isinstance(part, unittest.TestSuite):
            yield from tests_of(part)
        else:
            yield part


class Result(unittest.TextTestResult):
    """Remembers which behaviours did not hold."""

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.failed = {}

    def note(self, test):
        # A part of a test stands for the test; a class that cannot begin, for all of it.
        test = getattr(test, "test_case", test)
        behaviour = getattr(test, "behaviour", None)
        self.failed.setdefault(behaviour, []).append(test.id().rsplit(".", 1)[-1])

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test)

    def addSubTest(self, test, part, error):
        super().addSubTest(test, part, error)
        if error is not None:
            self.note(test)


def notes():
    """Numbers for some behaviours."""
    from peer.clients import observed
    from test_errors import Errors
    from test_model_limits import ModelLimits

    answered = len(observed.answers)
    checked = sum(observed.answers.values()) + sum(observed.errors.values())
    return {
        "connect": f"{answered} operations; {checked} answers checked against the model",
        "errors": f"{Errors.caught['for real']} for real, {Errors.caught['by fault']} by fault, "
        f"{len(observed.errors)} pairs of operation and error seen",
        "model limits": f"{ModelLimits.tried} probes",
    }


def main():
    here = pathlib.Path(__file__).parent
    suite = unittest.defaultTestLoader.discover(str(here), pattern="test_*.py")
    tests = list(tests_of(suite))
    counts = collections.Counter(test.behaviour for test in tests if hasattr(test, "behaviour"))
    runner = unittest.TextTestRunner(resultclass=Result)
    result = runner.run(suite)
    extra = notes()
    everything_failed = None in result.failed
    lines = []
    for name in sorted(counts):
        failed = everything_failed or name in result.failed
        note = f"{counts[name]} tests" + (f"; {extra[name]}" if name in extra else "")
        if failed:
            note = ", ".join(
                sorted(set(result.failed.get(name, ["what all tests rest on does not hold"])))
            )
        line = {
            "peer": "boto3",
            "behaviour": name,
            "result": "failed" if failed else "ok",
            "note": note,
        }
        lines.append(json.dumps(line))
    results = pathlib.Path(os.environ["PEER_RESULTS"])
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0 if result.wasSuccessful() and tests else 1


if __name__ == "__main__":
    sys.exit(main())
