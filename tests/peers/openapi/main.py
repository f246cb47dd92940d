"""Runs schemathesis against a simulator and writes one line of result for each operation."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from simulator import call
from simulator_process import SimulatorProcess

HERE = pathlib.Path(__file__).parent
METHODS = ("get", "post", "put", "patch", "delete")
SEED = 7
# Far more than it takes, for machines that are busy.
SECONDS = 300


def operations(description):
    for path, methods in description["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method.upper(), path


def failures(report, path, method):
    """What schemathesis has against an operation. Methods that are not described belong to all."""
    described = (f"{method} {path}", f"TRACE {path}")
    for failure in report["failures"]:
        if any(label in described for label in failure["operations"]):
            yield failure["title"]


def line(method, path, report, answers):
    """The result of an operation: it was answered with success at least once, and always well."""
    seen = answers.get(f"{method} {path}", {})
    wrong = list(failures(report, path, method))
    if "200" not in seen:
        wrong.append("was never answered with 200")
    counts = ", ".join(f"{count} with {status}" for status, count in sorted(seen.items()))
    return {
        "peer": "openapi",
        "behaviour": "control api",
        "result": "failed" if wrong else "ok",
        "note": f"{method} {path}: {'; '.join(wrong) or 'answered: ' + counts}",
    }


def examine(endpoint, folder):
    """Lets schemathesis run. Answers whether it is content, and the lines of result."""
    answers, report = folder / "answers.json", folder / "report.json"
    description = call(endpoint, "GET", "/_sim/openapi.json")
    # From a file: schemathesis leaves out the operation from which it has the description.
    described = folder / "openapi.json"
    described.write_text(json.dumps(description))
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
        "SIMULATOR": endpoint,
        "ANSWERS": str(answers),
    }
    command = [program, "--config-file", HERE / "schemathesis.toml", "run", "--no-color"]
    run = subprocess.run(
        [*command, "--report-json-path", report, "--url", endpoint, described],
        # The cache that it keeps between runs goes with the folder.
        cwd=folder,
        env=environment,
        timeout=SECONDS,
    )
    told = json.loads(report.read_text())
    answered = json.loads(answers.read_text())
    lines = [line(*operation, told, answered) for operation in operations(description)]
    state = call(endpoint, "GET", "/_sim/state")
    print(f"the simulator still answers: it has had {state['contacts']} chats")
    return run.returncode == 0, lines


def main():
    results = pathlib.Path(os.environ["PEER_RESULTS"])
    results.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # What is in the bundle is the business of other peers.
        bundle = folder / "bundle.js"
        bundle.write_text("'use strict';\n")
        simulator = SimulatorProcess(SEED, "--chatjs", str(bundle))
        try:
            content, lines = examine(simulator.endpoint, folder)
        finally:
            status = simulator.stop()
    text = "".join(json.dumps(result) + "\n" for result in lines)
    results.write_text(text)
    print(text, end="")
    if status != 0:
        print(f"the simulator ended with the status {status}")
    good = lines and all(result["result"] == "ok" for result in lines)
    return 0 if good and content and status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
