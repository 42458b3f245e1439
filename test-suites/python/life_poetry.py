"""Poetry, with a project of its own: created, locked, installed, run and built."""

import os
import sys

from life import ABSENT, Life, offered, there, wheels

poetry = offered("poetry")
life = Life("poetry")
app = os.path.join(life.work, "probe-project")
lock = os.path.join(app, "poetry.lock")
fresh = os.path.join(life.work, "fresh", "probe-project")
dist = os.path.join(app, "dist")
inside = os.path.join(".venv", "bin", "python")


def created(_):
    """A new project asks PyPI; this makes the given index the only one that is asked, as `poetry source add` does."""
    project = os.path.join(app, "pyproject.toml")
    if not os.path.exists(project):
        return there(project)
    with open(project, "a") as file:
        file.write('[[tool.poetry.source]]\nname = "stackprobe"\nurl = "%s"\npriority = "primary"\n' % life.index)


life.step("version", poetry, "--version", holds=lambda out: None if "Poetry" in out else "no version: " + out)
life.step("create", poetry, "new", "--python", ">=%d.%d" % sys.version_info[:2], "probe-project", holds=created)
life.step("add-wheel", poetry, "add", life.wheel, cwd=app, after=("create",))
life.add_source(poetry, "add", cwd=app)
life.verify(os.path.join(app, inside), cwd=app)
life.locked_anew(lock)
life.step("lock", poetry, "lock", cwd=app, after=("add-wheel", "add-source"), holds=lambda _: there(lock))
life.step("check", poetry, "check", "--lock", cwd=app, after=("lock",))
life.fresh_copy(app, fresh)
life.step("install", poetry, "install", cwd=fresh, after=("lock",))
life.run_it(poetry, "run", "python", cwd=fresh)
life.step("build", poetry, "build", "--format", "wheel", cwd=app, after=("create",),
          holds=lambda _: wheels(dist, "probe-project"))
life.missing(poetry, "add", ABSENT, cwd=app)
sys.exit(life.tap.end())
