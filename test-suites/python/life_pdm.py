"""PDM, with a project of its own: created, locked, synchronised, run and built."""

import os
import shutil
import sys

from life import ABSENT, Life, offered, wheels

pdm = offered("pdm")
life = Life("pdm")
app = os.path.join(life.work, "probe-project")
fresh = os.path.join(life.work, "fresh", "probe-project")
dist = os.path.join(app, "dist")
os.makedirs(app)

life.step("version", pdm, "--version", holds=lambda out: None if "PDM" in out else "no version: " + out)
life.step("create", pdm, "init", "--non-interactive", "--lib", "--python", sys.executable, cwd=app)
life.step("add-wheel", pdm, "add", "--no-self", life.wheel, cwd=app, after=("create",))
life.add_source(pdm, "add", "--no-self", cwd=app)
life.verify(os.path.join(app, ".venv", "bin", "python"), cwd=app)
if life.tap.told.get("add-wheel") == "ok":
    # What `add` has locked would only be confirmed.
    os.remove(os.path.join(app, "pdm.lock"))
life.step("lock", pdm, "lock", cwd=app, after=("add-wheel", "add-source"))
life.step("check", pdm, "lock", "--check", cwd=app, after=("lock",))
if life.tap.told.get("lock") == "ok":
    shutil.copytree(app, fresh, ignore=shutil.ignore_patterns(".venv", ".pdm-python"))
life.step("install", pdm, "sync", cwd=fresh, after=("lock",))
life.run_it(pdm, "run", "python", cwd=fresh)
life.step("build", pdm, "build", "--no-sdist", cwd=app, after=("create",), holds=lambda _: wheels(dist, "probe-project"))
life.missing(pdm, "add", ABSENT, cwd=app)
sys.exit(life.tap.end())
