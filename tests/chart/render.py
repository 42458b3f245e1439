"""Renders the chart with Helm's own engine, judges what came out by the strict schemas of Kubernetes, and prints all as JSON.

    render.py CHART VERSION... < VALUES     VALUES: a YAML document; VERSION: of Kubernetes, such as 1.34

Prints {"objects": [...], "faults": ["...", ...]}: the objects that the templates make, and what Helm's linter and the
schemas say against them. A chart that does not render is the fault "render: ...".
"""

import json
import sys

import kubernetes_validate
import yaml
from helm_python.chart import Chart, lint
from helm_python.errors import HelmError


def main() -> None:
    chart, versions = sys.argv[1], sys.argv[2:]
    values = yaml.safe_load(sys.stdin) or {}
    objects, faults = [], []
    try:
        for message in lint(chart, values, strict=True)["messages"]:
            if message["severity"] > 1:
                faults.append(f"lint: {message['path']}: {message['error']}")
        rendered = Chart.load(chart).render(values, name="nightly", namespace="hpc", revision=3)
    except HelmError as error:
        print(json.dumps({"objects": [], "faults": [*faults, f"render: {error}"]}))
        return
    for path, text in sorted(rendered.items()):
        if not path.endswith(".yaml"):
            continue
        for document in yaml.safe_load_all(text):
            if not document:
                continue
            objects.append(document)
            for version in versions:
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    where = ".".join(str(part) for part in error.path)
                    faults.append(f"{version}: {document['kind']}: {where}: {error.message}")
    print(json.dumps({"objects": objects, "faults": faults}))


main()
