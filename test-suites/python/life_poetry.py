"""Poetry, with a project of its own: created, locked, installed, run and built."""

import os
import shutil
import sys

from life import ABSENT, Life, offered, wheels

poetry = offered("poetry")
life = Life("poetry")
app = os.path.join(life.work, "probe-project")
fresh = os.path.join(life.work, "fresh", "probe-project")
dist = os.path.join(app, "dist")
inside = os.path.join(".venv", "bin", "python")


def created(_):
    """A new project asks PyPI; this makes the given index the only one that is asked, as `poetry source add` does."""
    with open(os.path.join(app, "pyproject.toml"), "a") as file:
        file.write('[[tool.poetry.source]]\nname = "stackprobe"\nurl = "%s"\npriority = "primary"\n' % life.index)


life.step("version", poetry, "--version", holds=lambda out: None if "Poetry" in out else "no version: " + out)
life.step("create", poetry, "new", "--python", ">=%d.%d" % sys.version_info[:2], "probe-project", holds=created)
life.step("add-wheel", poetry, "add", life.wheel, cwd=app, after=("create",))
life.add_source(poetry, "add", cwd=app)
life.verify(os.path.join(app, inside), cwd=app)
if life.tap.told.get("add-wheel") == "ok":
    # What `add` has locked would only be confirmed.
    os.remove(os.path.join(app, "poetry.lock"))
life.step("lock", poetry, "lock", cwd=app, after=("add-wheel", "add-source"))
life.step("check", poetry, "check", "--lock", cwd=app, after=("lock",))
if life.tap.told.get("lock") == "ok":
    shutil.copytree(app, fresh, ignore=shutil.ignore_patterns(".venv"))
life.step("install", poetry, "install", cwd=fresh, after=("lock",))
life.run_it(poetry, "run", "python", cwd=fresh)
life.step("build", poetry, "build", "--format", "wheel", cwd=app, after=("create",),
          holds=lambda _: wheels(dist, "probe-project"))
life.missing(poetry, "add", ABSENT, cwd=app)
sys.exit(life.tap.end())
