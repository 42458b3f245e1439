"""uv, with a project of its own: created, locked, synchronised, run and built."""

import os
import sys

from life import ABSENT, Life, offered, there, wheels

uv = offered("uv")
life = Life("uv")
app = os.path.join(life.work, "probe-project")
lock = os.path.join(app, "uv.lock")
fresh = os.path.join(life.work, "fresh", "probe-project")
dist = os.path.join(life.work, "dist")

life.step("version", uv, "--version", holds=lambda out: None if out.startswith("uv ") else "no version: " + out)
life.step("create", uv, "init", "--lib", "--vcs", "none", "probe-project",
          holds=lambda _: there(os.path.join(app, "pyproject.toml")))
life.step("add-wheel", uv, "add", life.wheel, cwd=app, after=("create",))
life.add_source(uv, "add", cwd=app)
life.verify(os.path.join(app, ".venv", "bin", "python"), cwd=app)
life.locked_anew(lock)
life.step("lock", uv, "lock", cwd=app, after=("add-wheel", "add-source"), holds=lambda _: there(lock))
life.step("check", uv, "lock", "--check", cwd=app, after=("lock",))
life.fresh_copy(app, fresh)
life.step("install", uv, "sync", "--frozen", cwd=fresh, after=("lock",))
life.run_it(uv, "run", "--frozen", "python", cwd=fresh)
life.step("build", uv, "build", "--wheel", "--out-dir", dist, cwd=app, after=("create",),
          holds=lambda _: wheels(dist, "probe-project"))
life.missing(uv, "add", ABSENT, cwd=app)
sys.exit(life.tap.end())
