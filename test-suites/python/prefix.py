"""Whether this is the Python whose module is loaded, and nothing but it: version, prefix, and what leaks in."""

import os
import shlex
import shutil
import site
import sys
import sysconfig

from tap import Tap

VERSION = os.environ.get("STACKPROBE_RUNTIME_VERSION", "")
PREFIX = os.path.realpath(os.environ.get("STACKPROBE_RUNTIME_PREFIX") or "/nonexistent")
# Where Spack's compiler wrappers live: a path of the build that no user has.
WRAPPERS = ("/lib/spack/env/", "/compiler-wrapper-", "/libexec/spack/")

tap = Tap(["version", "prefix", "on-path", "library-path", "environment", "user-site", "build-compiler", "spack-wrapper"])


def inside(path):
    return (os.path.realpath(path) + os.sep).startswith(PREFIX + os.sep)


found = "%d.%d.%d" % sys.version_info[:3]
wanted = VERSION.split("-")[0]
tap.check("version", wanted and (found + ".").startswith(wanted + "."), "the module is %s, Python is %s" % (VERSION or "unknown", found))

if os.environ.get("STACKPROBE_RUNTIME_PREFIX"):
    places = {"executable": sys.executable, "prefix": sys.prefix, "standard library": os.__file__}
    strangers = ["%s %s" % (name, path) for name, path in places.items() if not inside(path)]
    tap.check("prefix", not strangers, "outside %s: %s" % (PREFIX, ", ".join(strangers)))
    commands = {name: shutil.which(name) for name in ("python3", "python%d.%d" % sys.version_info[:2])}
    strangers = ["%s is %s" % pair for pair in commands.items() if not pair[1] or not inside(pair[1])]
    tap.check("on-path", not strangers, "; ".join(strangers) + ", wanted under " + PREFIX)
else:
    for name in ("prefix", "on-path"):
        tap.skipped(name, "the prefix of the module is not known")

given = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
here = os.path.dirname(os.path.abspath(__file__))
own = (sys.prefix + os.sep, sys.base_prefix + os.sep)
strangers = [path for path in sys.path if path and path != here and path not in given and not path.startswith(own)]
gone = [path for path in given if not os.path.exists(path)]
tap.check("library-path", not strangers and not gone, "; ".join(
    ["from elsewhere: " + path for path in strangers] + ["PYTHONPATH names what is not there: " + path for path in gone]))

leaks = ["%s=%s" % (name, os.environ[name]) for name in ("PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONSTARTUP") if name in os.environ]
tap.check("environment", not leaks, "set outside of any module of Python: " + ", ".join(leaks))
tap.check("user-site", not (site.ENABLE_USER_SITE and site.getusersitepackages() in sys.path),
          "packages of a home folder come before the stack's: %s" % site.getusersitepackages())

config = {name: sysconfig.get_config_var(name) or "" for name in ("CC", "CXX", "LDSHARED")}
tools = {name: shlex.split(value)[0] for name, value in config.items() if value}
absent = ["%s is `%s`" % (name, tool) for name, tool in tools.items() if os.path.isabs(tool) and not os.access(tool, os.X_OK)]
bare = ["%s is `%s`" % (name, tool) for name, tool in tools.items() if not os.path.isabs(tool) and not shutil.which(tool)]
if bare and not absent and not os.environ.get("STACKPROBE_CC_FAMILY"):
    tap.skipped("build-compiler", "no compiler is loaded, and there is none on PATH: " + ", ".join(bare))
else:
    tap.check("build-compiler", not absent and not (bare and not (os.environ.get("CC") or os.environ.get("STACKPROBE_CC_COMMAND"))),
              "extensions would be built with what is not there: " + ", ".join(absent + bare))
baked = ["%s is `%s`" % (name, value) for name, value in config.items() if any(part in value for part in WRAPPERS)]
tap.check("spack-wrapper", not baked, "the build's compiler wrapper is in sysconfig: " + ", ".join(baked))
sys.exit(tap.end())
