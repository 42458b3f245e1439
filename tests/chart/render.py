"""Renders the chart with Helm's own engine, judges what came out by the strict schemas of Kubernetes, and prints all as JSON.

    render.py CHART VERSION... < VALUES     VALUES: a YAML document; VERSION: of Kubernetes, such as 1.34

The release is revision 3 of "nightly" in namespace "hpc", or that of RELEASE and NAMESPACE in the environment.

Prints {"objects": [...], "faults": ["...", ...]}: the objects that the templates make, and what Helm's linter and the
schemas say against them. A chart that does not render is the fault "render: ...".
"""

import json
import os
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml
from helm_python.chart import Chart, lint
from helm_python.errors import HelmError


ARGO = json.loads(pathlib.Path(__file__).with_name("argo-workflows.schema.json").read_text())


def strict(schema: object) -> object:
    """The same schema, which refuses the keys that it does not name."""
    if isinstance(schema, dict):
        made = {key: strict(value) for key, value in schema.items()}
        if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
            made["additionalProperties"] = False
        return made
    return [strict(part) for part in schema] if isinstance(schema, list) else schema


def argo_faults(document: dict) -> list[str]:
    name = f"io.argoproj.workflow.v1alpha1.{document['kind']}"
    schema = {"$ref": f"#/definitions/{name}", "definitions": strict(ARGO["definitions"])}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return [f"argo: {document['kind']}: {'.'.join(map(str, error.path))}: {error.message}" for error in errors]


def main() -> None:
    chart, versions = sys.argv[1], sys.argv[2:]
    release, namespace = os.environ.get("RELEASE", "nightly"), os.environ.get("NAMESPACE", "hpc")
    values = yaml.safe_load(sys.stdin) or {}
    objects, faults = [], []
    try:
        for message in lint(chart, values, strict=True)["messages"]:
            if message["severity"] > 1:
                faults.append(f"lint: {message['path']}: {message['error']}")
        rendered = Chart.load(chart).render(values, name=release, namespace=namespace, revision=3)
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
            if document["apiVersion"].startswith("argoproj.io/"):
                faults.extend(argo_faults(document))
                continue
            for version in versions:
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    where = ".".join(str(part) for part in error.path)
                    faults.append(f"{version}: {document['kind']}: {where}: {error.message}")
    print(json.dumps({"objects": objects, "faults": faults}))


main()
