"""Speaks TAP 14 for a list of checks that is fixed before the first one: what is not reached is told, never silent."""

import json
import linecache
import sys


class Tap:
    def __init__(self, names):
        self.names = list(names)
        self.told = {}
        print("TAP version 14\n1..%d" % len(self.names), flush=True)

    def passed(self, name, **details):
        self._tell(name, "ok", "", details)

    def failed(self, name, message, **details):
        self._tell(name, "not ok", "", dict(message=message, **details))

    def skipped(self, name, reason):
        self._tell(name, "ok", " # SKIP " + " ".join(reason.split()), {})
        self.told[name] = "skipped"

    def check(self, name, good, message, **details):
        if good:
            self.passed(name, **details)
        else:
            self.failed(name, message, **details)
        return bool(good)

    def end(self):
        """Tells what was not reached; the exit status of the probe."""
        for name in self.names:
            if name not in self.told:
                self.failed(name, "not reached")
        return 0 if all(status != "not ok" for status in self.told.values()) else 1

    def _tell(self, name, status, directive, details):
        if name not in self.names or name in self.told:
            raise ValueError("check %r is unknown or told twice" % name)
        self.told[name] = status
        lines = ["%s %d - %s%s" % (status, self.names.index(name) + 1, name, directive)]
        if details:
            # A JSON string is a YAML string, whatever the text holds.
            lines += ["  ---"] + ["  %s: %s" % (key, json.dumps(value)) for key, value in details.items()] + ["  ..."]
        print("\n".join(lines), flush=True)


def must(good, what=""):
    """Judges as `assert` does, which PYTHONOPTIMIZE takes out of a program."""
    if not good:
        caller = sys._getframe(1)
        line = linecache.getline(caller.f_code.co_filename, caller.f_lineno).strip()
        raise AssertionError(what or "does not hold: " + line)


def skip_all(reason):
    """For a probe that does not apply: an empty plan with its reason."""
    print("TAP version 14\n1..0 # SKIP " + " ".join(reason.split()))
    sys.exit(0)
