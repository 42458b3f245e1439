"""Whether start-up files and what stands before the standard library leave it as it is.

A Python that reads no start-up file (`-I -S`) and one as users start it import the same modules and say what each function
and class of them is. A sitecustomize, a .pth file or a package of the same name that changes one is found by that."""

import json
import os
import subprocess
import sys
import types

# Those that show something, ask for a display, or are replaced on purpose (setuptools does so with distutils).
LEFT_OUT = {
    "antigravity", "this", "idlelib", "tkinter", "turtle", "turtledemo", "distutils", "lib2to3", "test", "__main__",
    "_tkinter", "_abc_data", "curses", "pty", "nt", "ntpath", "winreg", "winsound", "msvcrt", "_winapi", "nis", "ossaudiodev",
    "spwd", "crypt", "imp", "asynchat", "asyncore", "smtpd", "site", "sitecustomize", "usercustomize", "msilib", "pip",
}
# What a start-up file may well set, or what `site` itself adds.
FREE = {("sys", "excepthook"), ("sys", "displayhook"), ("sys", "unraisablehook"), ("builtins", "exit"), ("builtins", "quit"),
        ("builtins", "help"), ("builtins", "copyright"), ("builtins", "credits"), ("builtins", "license"), ("sys", "breakpointhook")}
FLAGS = ("debug", "inspect", "interactive", "optimize", "verbose", "bytes_warning", "quiet",
         "hash_randomization", "dev_mode", "utf8_mode")


def what(value):
    """Where a function or a class was made; nothing of other values."""
    code = getattr(value, "__code__", None)
    if isinstance(code, types.CodeType):
        return "%s of %s:%d" % (code.co_name, code.co_filename, code.co_firstlineno)
    if callable(value):
        return "%s of %s" % (getattr(value, "__qualname__", type(value).__name__), getattr(value, "__module__", None) or type(value).__module__)
    return None


def describe():
    import importlib
    import warnings

    warnings.simplefilter("ignore")
    known = getattr(sys, "stdlib_module_names", None) or {name for name in sys.builtin_module_names}
    modules = {}
    for name in sorted(set(known) - LEFT_OUT):
        if name.startswith("_") and name not in ("_json", "_decimal", "_ssl", "_hashlib", "_socket", "_struct", "_pickle", "_csv"):
            continue
        try:
            module = importlib.import_module(name)
        except Exception as fault:
            modules[name] = {"": "%s: %s" % (type(fault).__name__, fault)}
            continue
        found = {"": getattr(module, "__file__", None) or "built in"}
        for attribute, value in list(vars(module).items()):
            if attribute.startswith("__") or (name, attribute) in FREE:
                continue
            it = what(value)
            if it is not None:
                found[attribute] = it
            if isinstance(value, type) and value.__module__ == name:
                for method, inner in list(vars(value).items()):
                    it = what(inner)
                    if it is not None:
                        found["%s.%s" % (attribute, method)] = it
        modules[name] = found
    flags = {flag: int(getattr(sys.flags, flag, 0)) for flag in FLAGS}
    return {"modules": modules, "flags": flags, "path": sys.path}


def asked(words):
    done = subprocess.run([sys.executable, *words, os.path.abspath(__file__), "describe"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, cwd=os.environ.get("TMPDIR", "/tmp"))
    try:
        return json.loads(done.stdout.decode().rsplit("\n", 2)[-2])
    except (ValueError, IndexError):
        return {"failed": done.stderr.decode(errors="replace").strip()[-300:] or "it said nothing, exit status %d" % done.returncode}


def main():
    from tap import Tap

    tap = Tap(["starts", "modules", "functions", "flags"])
    plain, usual = asked(["-I", "-S"]), asked([])
    failed = plain.get("failed") or usual.get("failed")
    if not tap.check("starts", not failed, "a Python that describes its library does not end: %s" % failed):
        return tap.end()
    elsewhere, changed = [], []
    for name, wanted in plain["modules"].items():
        found = usual["modules"].get(name, {"": "not there"})
        if found.get("") != wanted[""]:
            elsewhere.append("%s is %s, not %s" % (name, found.get(""), wanted[""]))
            continue
        for attribute in sorted(set(wanted) | set(found)):
            if wanted.get(attribute) != found.get(attribute):
                changed.append("%s.%s is %s, not %s" % (name, attribute, found.get(attribute), wanted.get(attribute)))
    tap.check("modules", not elsewhere, "; ".join(elsewhere[:4]))
    tap.check("functions", not changed, "start-up files change the standard library: " + "; ".join(changed[:4]))
    odd = ["%s is %d, not %d" % (flag, usual["flags"][flag], value) for flag, value in plain["flags"].items() if usual["flags"][flag] != value]
    tap.check("flags", not odd, "the environment sets: " + ", ".join(odd))
    return tap.end()


if __name__ == "__main__":
    if sys.argv[1:] == ["describe"]:
        # What a start-up file has written stands before it.
        print("\n" + json.dumps(describe()))
        sys.stdout.flush()
        os._exit(0)
    sys.exit(main())
