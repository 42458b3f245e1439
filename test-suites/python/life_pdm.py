"""PDM, with a project of its own: created, locked, synchronised, run and built."""

import os
import sys

from life import ABSENT, Life, offered, there, wheels

pdm = offered("pdm")
life = Life("pdm")
app = os.path.join(life.work, "probe-project")
lock = os.path.join(app, "pdm.lock")
fresh = os.path.join(life.work, "fresh", "probe-project")
dist = os.path.join(app, "dist")
os.makedirs(app)

life.step("version", pdm, "--version", holds=lambda out: None if "PDM" in out else "no version: " + out)
life.step("create", pdm, "init", "--non-interactive", "--lib", "--python", sys.executable, cwd=app,
          holds=lambda _: there(os.path.join(app, "pyproject.toml")))
life.step("add-wheel", pdm, "add", "--no-self", life.wheel, cwd=app, after=("create",))
life.add_source(pdm, "add", "--no-self", cwd=app)
life.verify(os.path.join(app, ".venv", "bin", "python"), cwd=app)
life.locked_anew(lock)
life.step("lock", pdm, "lock", cwd=app, after=("add-wheel", "add-source"), holds=lambda _: there(lock))
life.step("check", pdm, "lock", "--check", cwd=app, after=("lock",))
life.fresh_copy(app, fresh, ".pdm-python")
life.step("install", pdm, "sync", "--no-self", cwd=fresh, after=("lock",))
life.run_it(pdm, "run", "python", cwd=fresh)
life.step("build", pdm, "build", "--no-sdist", cwd=app, after=("create",), holds=lambda _: wheels(dist, "probe-project"))
life.missing(pdm, "add", ABSENT, cwd=app)
sys.exit(life.tap.end())
