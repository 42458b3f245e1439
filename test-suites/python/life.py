"""The life of a package tool: the steps that every tool has in common, a private environment, and what is asserted.

Each step is a check with its time. A step whose predecessor failed is skipped with that reason, so that one cause is one
red. Nothing but the index is shared with anything else: caches, configuration and state are new for every run, since a
warm cache would hand out a wheel that some other compiler built.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import urllib.request

from compiler import same_compiler
from tap import Tap, skip_all

STEPS = (
    "version", "create", "add-wheel", "add-source", "result", "compiler",
    "lock", "check", "install", "run", "build", "missing",
)
# No index has it; PEP 503 would serve it as this name.
ABSENT = "stackprobe-absent"
# What the tools read from the environment. All of it is replaced; a real index may need what says how to reach it.
THEIRS = re.compile(r"^(PIP|UV|POETRY|PDM)_|^(VIRTUAL_ENV|CONDA_PREFIX|PYTHONUSERBASE|XDG_.*)$")
ACCESS = re.compile(r"CERT|TRUST|_TLS|INSECURE|VERIFY_SSL")
STEP_SECONDS = 120
# The pinned build backends of the embedded index are for these.
OLDEST = (3, 10)

VERIFY = """
import json, stackprobe_native.in_c as c, stackprobe_native.in_cxx as cxx
try:
    cxx.sorted(" ")
    raised = "nothing"
except ValueError as fault:
    raised = str(fault)
with open("/proc/self/maps") as maps:
    libraries = sorted({line.split()[-1] for line in maps if "libstdc++" in line or "libc++" in line})
print(json.dumps({"squares": c.squares(100000), "sorted": cxx.sorted("b c a"), "raised": raised,
                  "c": c.compiler(), "cxx": cxx.compiler(), "file": c.__file__, "libraries": libraries}))
"""
RIGHT = {"squares": 333328333350000, "sorted": "a b c ", "raised": "no words"}


class Life:
    def __init__(self, tool):
        self.tap = Tap(STEPS)
        self.tool = tool
        self.work = os.path.join(os.environ["TMPDIR"], tool)
        os.makedirs(self.work)
        self.index = os.environ["STACKPROBE_INDEX_URL"]
        own = os.environ.get("STACKPROBE_SOURCES_URL", self.index)
        self.hermetic = own == self.index
        if self.hermetic:
            self.wheel, self.source = "stackprobe-pure", "stackprobe-native"
            self.try_wheel = "import sys, stackprobe_pure; stackprobe_pure.answer('ab') == 97 + 2 * 98 or sys.exit('a wrong sum')"
        else:
            # A real index has the build backends, and a wheel with a dependency; the source package is ours.
            self.wheel, self.source = "python-dateutil", self._download(own)
            self.try_wheel = "import sys, dateutil.parser as p; p.parse('2026-02-03').month == 2 or sys.exit('a wrong month')"
        self.env = self._environment()
        # Without any compiler the rest of the life goes on, and says so.
        built_with = shlex.split(sysconfig.get_config_var("CC") or "cc")[0]
        self.no_compiler = None if "CC" in self.env or shutil.which(built_with) else (
            "no compiler is loaded, and `%s`, which Python was built with, is not on PATH" % built_with)
        self.waived = {"add-source"} if self.no_compiler else set()

    def add_source(self, *argv, cwd=None):
        if self.no_compiler:
            self.tap.skipped("add-source", self.no_compiler)
        else:
            self.step("add-source", *argv, self.source, cwd=cwd, after=("create",))

    def step(self, name, *argv, after=(), cwd=None, env=None, holds=None):
        """Runs a command that must succeed and, where `holds` is given, whose output that must not fault."""
        missed = [other for other in after if self.tap.told.get(other) != "ok" and other not in self.waived]
        if missed:
            self.tap.skipped(name, "needs `%s`, which failed" % missed[0])
            return None
        status, output, spent = self.command(argv, cwd, env)
        fault = None
        if status != 0:
            fault = "%s: %s" % (ending(status), last(output))
        elif holds:
            fault = holds(output)
        self.tap.check(name, fault is None, fault, duration_ms=spent, command=shown(argv))
        return output if fault is None else None

    def locked_anew(self, lock):
        """Takes the lock away that `add` has made: `lock` would only confirm it."""
        if os.path.exists(lock):
            os.remove(lock)

    def fresh_copy(self, project, fresh, *without):
        """What a colleague would check out: the project and its lock, not what was installed."""
        if self.tap.told.get("lock") == "ok":
            shutil.copytree(project, fresh, ignore=shutil.ignore_patterns(".venv", *without))
            # Where it is a file, a lock may name it as a neighbour of the project.
            if not self.hermetic:
                shutil.copy(self.source, os.path.dirname(fresh))

    def missing(self, *argv, after=("create",), cwd=None, env=None):
        """The control: a package that no index has must fail, and for that reason."""
        missed = [other for other in after if self.tap.told.get(other) != "ok"]
        if missed:
            self.tap.skipped("missing", "needs `%s`, which failed" % missed[0])
            return
        status, output, spent = self.command(argv, cwd, env)
        fault = None
        if status == 127:
            fault = last(output)
        elif status == 0:
            fault = "exit status 0 although no index has `%s`" % ABSENT
        elif ABSENT not in output:
            fault = "%s, but not because of `%s`: %s" % (ending(status), ABSENT, last(output))
        self.tap.check("missing", fault is None, fault, duration_ms=spent, command=shown(argv))

    def verify(self, *python, cwd=None, env=None):
        """Calls the extensions: `result` and `compiler`, both of what `add-source` has built."""
        if self.no_compiler:
            for name in ("result", "compiler"):
                self.tap.skipped(name, self.no_compiler)
            return
        output = self.step("result", *python, "-c", VERIFY, after=("add-source",), cwd=cwd, env=env, holds=wrong)
        if output is None:
            self.tap.skipped("compiler", "needs `result`, which failed")
            return
        told = json.loads(output.splitlines()[-1])
        family = os.environ.get("STACKPROBE_CC_FAMILY", "")
        version = os.environ.get("STACKPROBE_CC_VERSION", "")
        if not family:
            self.tap.skipped("compiler", "no compiler module is loaded; built by %s" % told["c"])
            return
        strangers = [told[key] for key in ("c", "cxx") if not same_compiler(family, version, told[key])]
        self.tap.check(
            "compiler", not strangers,
            "the extension was built by %s, loaded is %s %s" % ("; ".join(strangers), family, version),
            built_by=told["c"], libraries=told["libraries"],
        )

    def run_it(self, *python, cwd=None, env=None):
        """Runs what was installed into the fresh place."""
        code, holds = (self.try_wheel, None) if self.no_compiler else (self.try_wheel + VERIFY, wrong)
        self.step("run", *python, "-c", code, after=("install",), cwd=cwd, env=env, holds=holds)

    def command(self, argv, cwd=None, env=None):
        """Exit status, output and milliseconds of a command; its whole output also goes to the log."""
        log = os.path.join(self.work, "output")
        started = time.monotonic()
        with open(log, "wb") as sink:
            try:
                child = subprocess.Popen(
                    argv, cwd=cwd or self.work, env=dict(self.env, **(env or {})), stdin=subprocess.DEVNULL,
                    stdout=sink, stderr=subprocess.STDOUT, start_new_session=True,
                )
            except OSError as fault:
                return 127, "cannot start %s: %s" % (argv[0], fault), 0
            late = threading.Timer(STEP_SECONDS, os.killpg, (child.pid, signal.SIGKILL))
            late.daemon = True
            late.start()
            # Without a limit of its own: `wait` with one looks only every 50 ms.
            status = child.wait()
            if late.is_alive():
                late.cancel()
            else:
                status = None
        spent = round((time.monotonic() - started) * 1000)
        with open(log, errors="replace") as text:
            output = text.read()
        print("$ %s\n%s" % (shown(argv), output), file=sys.stderr, flush=True)
        return status, output, spent

    def _download(self, index):
        page = urllib.request.urlopen(index + "stackprobe-native/", timeout=30).read().decode()
        link = re.search(r'href="([^"#]+)', page).group(1)
        path = os.path.join(self.work, link.rsplit("/", 1)[1])
        with urllib.request.urlopen(urllib.request.urljoin(index, link), timeout=30) as source, open(path, "wb") as file:
            shutil.copyfileobj(source, file)
        return path

    def _environment(self):
        env = {
            key: value for key, value in os.environ.items()
            if not THEIRS.search(key) or (not self.hermetic and ACCESS.search(key))
        }
        home = os.path.join(self.work, "home")
        os.makedirs(home)
        under = lambda name: os.path.join(home, name)
        env.update(
            HOME=home, XDG_CONFIG_HOME=under("config"), XDG_DATA_HOME=under("data"), XDG_STATE_HOME=under("state"),
            XDG_CACHE_HOME=under("cache"), PYTHONNOUSERSITE="1", NO_COLOR="1", COLUMNS="200",
            PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL=self.index, PIP_CACHE_DIR=under("pip"), PIP_NO_INPUT="1",
            PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_RETRIES="1", PIP_TIMEOUT="15",
            UV_DEFAULT_INDEX=self.index, UV_CACHE_DIR=under("uv"), UV_NO_CONFIG="1", UV_PYTHON=sys.executable,
            UV_PYTHON_DOWNLOADS="never", UV_HTTP_TIMEOUT="15",
            POETRY_CACHE_DIR=under("poetry"), POETRY_CONFIG_DIR=under("config"), POETRY_DATA_DIR=under("data"),
            POETRY_VIRTUALENVS_IN_PROJECT="true", POETRY_NO_INTERACTION="1", POETRY_KEYRING_ENABLED="false",
            PDM_CACHE_DIR=under("pdm"), PDM_CHECK_UPDATE="0", PDM_NON_INTERACTIVE="1", PDM_PYPI_URL=self.index,
            PDM_USE_VENV="1", PDM_VENV_IN_PROJECT="1",
        )
        loopback = ["127.0.0.1", "localhost"]
        # Small letters go before capitals, and "*" means everything only while it stands alone.
        spared = env.get("no_proxy") or env.get("NO_PROXY") or ""
        for name in ("NO_PROXY", "no_proxy"):
            env[name] = spared if spared.strip() == "*" else ",".join(filter(None, [spared] + loopback))
        for name, ours in (("CC", "STACKPROBE_CC_COMMAND"), ("CXX", "STACKPROBE_CXX_COMMAND")):
            if os.environ.get(ours):
                env[name] = os.environ[ours]
        return env


def offered(tool):
    """The tool's path; where this Python does not offer it, the probe ends here."""
    if "STACKPROBE_INDEX_URL" not in os.environ:
        sys.exit("STACKPROBE_INDEX_URL is not set: this probe wants `index = true`")
    if sys.version_info < OLDEST:
        skip_all("the embedded build backends want Python %d.%d or newer, this is %s" % (OLDEST + (sys.version.split()[0],)))
    found = shutil.which(tool)
    if found is None:
        skip_all("%s is not offered: no such program on PATH" % tool)
    return found


def wrong(output):
    """What is wrong with the extensions' answers, if anything."""
    try:
        told = json.loads(output.splitlines()[-1])
    except (ValueError, IndexError):
        return "no answer from the extensions: " + last(output)
    faults = ["%s is %r, not %r" % (key, told.get(key), right) for key, right in RIGHT.items() if told.get(key) != right]
    return "; ".join(faults) or None


def there(path):
    """What is wrong when a command that said it made `path` did not, if anything."""
    return None if os.path.exists(path) else "it ended well, and there is no %s" % path


def wheels(folder, name):
    """Whether a folder holds exactly one wheel of a project: what is wrong, if anything."""
    found = [file for file in os.listdir(folder) if file.endswith(".whl")] if os.path.isdir(folder) else []
    if [file.split("-")[0] for file in found] != [name.replace("-", "_")]:
        return "expected one wheel of %s in %s, found %s" % (name, folder, found or "none")
    return None


def ending(status):
    if status is None:
        return "no end within %d s" % STEP_SECONDS
    return "signal %d" % -status if status < 0 else "exit status %d" % status


def last(output):
    """The end of an output, short enough for a message."""
    lines = [line for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-12:])[-1500:] or "no output"


def shown(argv):
    return " ".join(word if len(word) < 80 and "\n" not in word else "…" for word in argv)
