"""An index that is not stackprobe's own, as far as the Python suite asks one: FOLDER is filled and served on loopback.

Prints its port. The build backends are the pinned wheels of WHEELS; python-dateutil and six are stand-ins.
"""

import functools
import http.server
import os
import shutil
import sys
import zipfile

folder, wheels = sys.argv[1:]


def place(project):
    path = os.path.join(folder, "simple", project)
    os.makedirs(path, exist_ok=True)
    return path


def wheel(name, version, files, requires=()):
    stem = "%s-%s" % (name, version)
    info = stem + ".dist-info/"
    needs = "".join("Requires-Dist: %s\n" % need for need in requires)
    files = dict(files)
    files[info + "METADATA"] = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n%s" % (name.replace("_", "-"), version, needs)
    files[info + "WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[info + "RECORD"] = "".join(path + ",,\n" for path in [*files, info + "RECORD"])
    project = place(name.replace("_", "-"))
    with zipfile.ZipFile(os.path.join(project, stem + "-py3-none-any.whl"), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


for file in os.listdir(wheels):
    if file.endswith(".whl"):
        shutil.copy(os.path.join(wheels, file), place(file.split("-")[0].replace("_", "-")))
parse = "import datetime\n\ndef parse(text):\n    return datetime.date.fromisoformat(text)\n"
wheel("six", "1.17.0", {"six.py": ""})
wheel("python_dateutil", "2.9.0", {"dateutil/__init__.py": "", "dateutil/parser.py": parse}, ["six >=1.5"])

serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
print(server.server_port, flush=True)
server.serve_forever()
