//! What no schema sees of a workflow: names that lead nowhere, and names that nobody uses.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{list, pod_faults, render, text, with};
use crate::fixture::call;

/// What is wrong with a `WorkflowTemplate`.
pub(super) fn faults(workflow: &Value, objects: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    let templates = list(workflow, "/spec/templates");
    let declared: BTreeSet<&str> = templates.iter().map(|template| text(template, "/name")).collect();
    let mut used: BTreeSet<&str> = ["/spec/entrypoint", "/spec/onExit"].map(|key| text(workflow, key)).into();
    for template in &templates {
        let name = text(template, "/name");
        let steps: Vec<&Value> =
            list(template, "/steps").into_iter().flat_map(|group| list(group, "")).collect();
        for (place, step) in steps.iter().enumerate() {
            if step.get("templateRef").is_some() {
                continue;
            }
            let called = text(step, "/template");
            used.insert(called);
            let given: BTreeSet<&str> =
                list(step, "/arguments/parameters").into_iter().map(|given| text(given, "/name")).collect();
            let target = templates.iter().find(|template| text(template, "/name") == called);
            let wanted: BTreeSet<&str> = target
                .map(|target| {
                    list(target, "/inputs/parameters")
                        .into_iter()
                        .map(|wanted| text(wanted, "/name"))
                        .collect()
                })
                .unwrap_or_default();
            for missing in wanted.symmetric_difference(&given) {
                faults.push(format!("step {}: {missing} is wanted or given, not both", text(step, "/name")));
            }
            // What a fan-out is over must come from a step before it.
            for path in references(&text(step, "/withParam").into()) {
                let before = steps[..place].iter().any(|before| {
                    let target = templates
                        .iter()
                        .find(|template| text(template, "/name") == text(before, "/template"));
                    target.is_some_and(|target| {
                        list(target, "/outputs/parameters").into_iter().any(|output| {
                            path == format!(
                                "steps.{}.outputs.parameters.{}",
                                text(before, "/name"),
                                text(output, "/name")
                            )
                        })
                    })
                });
                if !before {
                    faults.push(format!("step {}: {path} comes from no step before it", text(step, "/name")));
                }
            }
        }
        let inputs: BTreeSet<String> = list(template, "/inputs/parameters")
            .into_iter()
            .map(|input| format!("inputs.parameters.{}", text(input, "/name")))
            .collect();
        let mut body = (*template).clone();
        body.as_object_mut().unwrap().remove("inputs");
        let referred: BTreeSet<String> =
            references(&body).into_iter().filter(|path| path.starts_with("inputs.")).collect();
        for path in inputs.symmetric_difference(&referred) {
            faults.push(format!("template {name}: {path} is declared or used, not both"));
        }
        if let Some(container) = template.get("container") {
            faults.extend(mounted_twice(template));
            // A pod as Argo puts it together: what the workflow says once stands in every one.
            let pod = json!({
                "volumes": workflow["spec"]["volumes"],
                "securityContext": workflow["spec"]["securityContext"],
                "automountServiceAccountToken": workflow["spec"]["automountServiceAccountToken"],
                "terminationGracePeriodSeconds": patch(workflow)["terminationGracePeriodSeconds"],
                "initContainers": template.get("initContainers").cloned().unwrap_or(json!([])),
                "containers": [container],
            });
            // Volumes are the workflow's: not every pod mounts all.
            let told =
                pod_faults(&pod, objects).into_iter().filter(|fault| !fault.ends_with("nobody mounts it"));
            faults.extend(told.map(|fault| format!("template {name}: {fault}")));
        }
    }
    for name in declared.symmetric_difference(&used) {
        faults.push(format!("template {name} is declared or used, not both"));
    }
    let account = text(workflow, "/spec/executor/serviceAccountName");
    let named = |kind: &str| {
        objects
            .iter()
            .any(|object| text(object, "/kind") == kind && text(object, "/metadata/name") == account)
    };
    for kind in ["ServiceAccount", "RoleBinding"] {
        if !named(kind) {
            faults.push(format!("the executor's {kind} {account} does not exist"));
        }
    }
    if !has_token(objects, account) {
        faults.push(format!("the executor's account {account} has no secret with a token"));
    }
    faults
}

/// Argo copies the container's mounts into an init container that mirrors them, and the API refuses a path that is there
/// twice.
fn mounted_twice(template: &Value) -> Vec<String> {
    let places = |of: &Value| -> BTreeSet<String> {
        list(of, "/volumeMounts").into_iter().map(|mount| text(mount, "/mountPath").to_owned()).collect()
    };
    let main = places(&template["container"]);
    let mirrors =
        list(template, "/initContainers").into_iter().filter(|init| init["mirrorVolumeMounts"] == true);
    let twice = mirrors.flat_map(|init| places(init).intersection(&main).cloned().collect::<Vec<_>>());
    twice.map(|path| format!("template {}: {path} is mounted twice", text(template, "/name"))).collect()
}

/// Whether this account has the token that Argo mounts: it finds the secret by the account, and every pod waits for it.
fn has_token(objects: &[Value], account: &str) -> bool {
    let name = "/metadata/annotations/workflows.argoproj.io~1service-account-token.name";
    let secret = objects
        .iter()
        .find(|object| text(object, "/metadata/name") == account && !text(object, name).is_empty());
    objects.iter().any(|object| {
        text(object, "/type") == "kubernetes.io/service-account-token"
            && secret.is_some_and(|account| text(account, name) == text(object, "/metadata/name"))
            && text(object, "/metadata/annotations/kubernetes.io~1service-account.name") == account
    })
}

fn patch(workflow: &Value) -> Value {
    serde_json::from_str(text(workflow, "/spec/podSpecPatch")).unwrap_or(Value::Null)
}

/// Every `{{path}}` in the texts of a value.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => text
            .split("{{")
            .skip(1)
            .filter_map(|rest| rest.split_once("}}"))
            .map(|(path, _)| path.trim().to_owned())
            .collect(),
        Value::Array(parts) => parts.iter().flat_map(references).collect(),
        Value::Object(parts) => parts.values().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_rule_about_workflows_can_fail() {
    let (objects, told) = render(&with(json!({ "mode": "argo" })));
    assert!(told.is_empty(), "{told:?}");
    let place = objects.iter().position(|object| object["kind"] == "WorkflowTemplate").unwrap();
    let breaks = [
        ("/spec/entrypoint", json!("tset"), "template tset is declared or used"),
        ("/spec/onExit", json!(""), "is declared or used"),
        ("/spec/templates/0/steps/1/0/template", json!("toolchian"), "toolchian is declared or used"),
        (
            "/spec/templates/0/steps/1/0/arguments/parameters/0/name",
            json!("ident"),
            "ident is wanted or given",
        ),
        (
            "/spec/templates/0/steps/1/0/withParam",
            json!("{{steps.merge.outputs.parameters.x}}"),
            "from no step before it",
        ),
        (
            "/spec/templates/3/inputs/parameters/0/name",
            json!("name"),
            "inputs.parameters.name is declared or used",
        ),
        ("/spec/templates/3/container/image", json!("tester"), "changes by itself"),
        (
            "/spec/templates/2/initContainers/0/securityContext/readOnlyRootFilesystem",
            json!(false),
            "more rights",
        ),
        (
            "/spec/templates/2/initContainers/0",
            json!({ "mirrorVolumeMounts": true, "volumeMounts": [{ "name": "tmp", "mountPath": "/tmp" }] }),
            "/tmp is mounted twice",
        ),
        ("/spec/securityContext/runAsNonRoot", json!(false), "may run as root"),
        ("/spec/automountServiceAccountToken", json!(true), "token of the API"),
        (
            "/spec/podSpecPatch",
            json!("{\"terminationGracePeriodSeconds\": 1}"),
            "before its report is written",
        ),
        ("/spec/executor/serviceAccountName", json!("other"), "RoleBinding other does not exist"),
    ];
    let secret = objects.iter().position(|object| object["kind"] == "Secret").unwrap();
    let mut without = objects.clone();
    without.remove(secret);
    assert!(super::lint(&without).iter().any(|fault| fault.contains("no secret with a token")));
    for (pointer, value, expected) in breaks {
        let mut objects = objects.clone();
        *objects[place].pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        let told = super::lint(&objects);
        assert!(told.iter().any(|fault| fault.contains(expected)), "{pointer}: {told:?}");
    }
}

#[test]
fn the_workflow_tries_again_what_the_jobs_try_again() {
    let (objects, _) = render(&with(json!({ "mode": "both" })));
    let workflow = objects.iter().find(|object| object["kind"] == "WorkflowTemplate").unwrap();
    let expression = text(workflow, "/spec/templates/3/retryStrategy/expression");
    assert_eq!(expression, text(workflow, "/spec/templates/2/retryStrategy/expression"));
    let codes: Vec<Value> =
        serde_json::from_str(include_str!("../../../charts/stackprobe/exit-codes.json")).unwrap();
    for code in codes {
        let quoted = format!("\"{}\"", code["code"]);
        assert_eq!(expression.contains(&quoted), code["action"] == "Count", "{code}: {expression}");
    }
}

/// The ids of what `stackprobe list --all` and these flags print.
fn owed(flags: &[&str]) -> BTreeSet<String> {
    let listed = call(&[&["list", "--all", "--format", "json"], flags].concat()).run().exits(0);
    let plan: Value = serde_json::from_str(&listed.stdout).unwrap();
    list(&plan, "/cases").into_iter().map(|owed| text(owed, "/id").to_owned()).collect()
}

#[test]
fn the_pods_of_the_workflow_share_the_plan_without_overlap() {
    let found = call(&["discover", "--format", "ids"]).run().exits(0);
    let toolchains: Vec<Value> = serde_json::from_str(&found.stdout).unwrap();
    let mut shared = BTreeSet::new();
    for toolchain in &toolchains {
        let filter = format!("toolchain({})", text(toolchain, "/toolchain"));
        for id in owed(&["--filter", &filter]) {
            assert!(shared.insert(id.clone()), "{id} is run twice");
        }
    }
    assert_eq!(shared, owed(&[]));
}
