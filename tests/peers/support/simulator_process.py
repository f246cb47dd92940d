"""The simulator as a process."""

import json
import os
import select
import subprocess

START_SECONDS = 10
STOP_SECONDS = 5


class SimulatorProcess:
    """A running `connect-chat simulate`."""

    def __init__(self, seed, *arguments):
        program = os.environ["CONNECT_CHAT"]
        command = [program, "simulate", "--port", "0", "--seed", str(seed), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        first = self.process.stdout.readline() if ready else b""
        if not first:
            self.stop()
            raise AssertionError("the simulator does not start")
        self.endpoint = json.loads(first)["endpoint"]

    def stop(self):
        """Ends it; it must end in an orderly way. Answers its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()
