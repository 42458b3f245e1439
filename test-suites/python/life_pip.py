"""pip, in the virtual environments that a user would make."""

import importlib.util
import os
import sys

from life import ABSENT, Life, offered, there, wheels
from tap import skip_all

if importlib.util.find_spec("pip") is None:
    skip_all("pip is not offered: no module `pip` in this Python")
offered("python3")

life = Life("pip")
outer = (sys.executable, "-m", "pip")
inner = (os.path.join(life.work, "env", "bin", "python"), "-m", "pip")
lock = os.path.join(life.work, "lock.txt")
fresh = os.path.join(life.work, "fresh")
dist = os.path.join(life.work, "dist")


def locked(output):
    with open(lock, "w") as file:
        file.write(output)
    names = sorted(line.split("==")[0].split(" @")[0] for line in output.split("\n") if line and line[0] != "#")
    wanted = [life.wheel] + ([] if life.no_compiler else ["stackprobe-native"])
    absent = [name for name in wanted if name not in names]
    if absent:
        return "%s was installed and is not among %s" % (absent[0], names)
    # A wheel whose dependency is not there was copied, not resolved.
    return None if len(names) == len(wanted) + 1 else "expected %s and one dependency, found %s" % (wanted, names)


life.step("version", *outer, "--version", holds=lambda out: None if out.startswith("pip ") else "no version: " + out)
life.step("create", sys.executable, "-m", "venv", "env", holds=lambda _: there(inner[0]))
life.step("add-wheel", *inner, "install", life.wheel, after=("create",))
life.add_source(*inner, "install")
life.verify(inner[0])
life.step("lock", *inner, "freeze", "--exclude", "pip", "--exclude", "setuptools", after=("add-wheel", "add-source"), holds=locked)
life.step("check", *inner, "check", after=("add-wheel", "add-source"))
life.step("install", *outer, "install", "--target", fresh, "-r", lock, after=("lock",))
life.run_it(sys.executable, env={"PYTHONPATH": fresh})

project = os.path.join(life.work, "project")
os.makedirs(project)
open(os.path.join(project, "probe_project.py"), "w").close()
with open(os.path.join(project, "pyproject.toml"), "w") as file:
    file.write('[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n')
    file.write('[project]\nname = "probe-project"\nversion = "1.0"\n')
life.step(
    "build", *inner, "wheel", "--no-deps", "--wheel-dir", dist, project, after=("create",),
    holds=lambda _: wheels(dist, "probe-project"),
)
life.missing(*inner, "install", ABSENT)
sys.exit(life.tap.end())
