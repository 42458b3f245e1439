"""Whether a package of a virtual environment is the one that is imported there, whatever the modules put before it."""

import os
import subprocess
import sys
import tempfile
import venv

from tap import Tap

folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isdir(folder)]


def packages(folder):
    """What can be imported from a folder by its own name."""
    for entry in sorted(os.listdir(folder)):
        name = entry[:-3] if entry.endswith(".py") else entry
        if name.isidentifier() and not name.startswith("_") and (
                entry.endswith(".py") or os.path.isfile(os.path.join(folder, entry, "__init__.py"))):
            yield name


shadowing = sorted({name for folder in folders for name in packages(folder)})[:20]
names = ["a package of its own"] + shadowing
tap = Tap(names)
place = os.path.join(tempfile.mkdtemp(), "venv")
venv.create(place, with_pip=False, symlinks=True)
python = os.path.join(place, "bin", "python")
own = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                     capture_output=True, text=True, check=True).stdout.strip()
for name in names:
    package = name if name in shadowing else "stackprobe_own_package"
    os.makedirs(os.path.join(own, package), exist_ok=True)
    with open(os.path.join(own, package, "__init__.py"), "w") as file:
        file.write("")
    asked = subprocess.run([python, "-c", "import %s as it; print(it.__file__)" % package], capture_output=True, text=True)
    found = asked.stdout.strip() or "nowhere: " + asked.stderr.strip()[-200:]
    tap.check(name, found.startswith(own + os.sep),
              "in a virtual environment `import %s` takes it from %s and not from the environment: PYTHONPATH is %s"
              % (package, found, os.environ.get("PYTHONPATH", "")))
sys.exit(tap.end())
