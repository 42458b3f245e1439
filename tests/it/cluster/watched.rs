//! What happens to objects, as the API says it.

use std::io::BufReader;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::kubectl;

/// How long anything may take before a test gives up; no assertion about speed.
const PATIENCE: Duration = Duration::from_mins(10);

/// Every state that the objects of one kind in a namespace were in, oldest first.
pub(super) struct Watched {
    child: Child,
    seen: Arc<(Mutex<Vec<Value>>, Condvar)>,
}

impl Watched {
    pub(super) fn new(namespace: &str, kind: &str) -> Self {
        let mut child = kubectl(&["-n", namespace, "get", kind, "--watch", "-o", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let seen = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let filled = Arc::clone(&seen);
        std::thread::spawn(move || {
            for state in serde_json::Deserializer::from_reader(output).into_iter::<Value>() {
                let Ok(state) = state else { break };
                // What stands at the start comes as one list.
                let states = state["items"].as_array().cloned().unwrap_or_else(|| vec![state.clone()]);
                filled.0.lock().unwrap().extend(states);
                filled.1.notify_all();
            }
        });
        Self { child, seen }
    }

    /// Waits until something is true of what was seen so far, and gives the first thing that made it so.
    pub(super) fn until<T>(&self, what: &str, wanted: impl Fn(&[Value]) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen.0.lock().unwrap();
        loop {
            if let Some(found) = wanted(&seen) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{what}: not within {PATIENCE:?}; last seen: {:#}",
                seen.last().unwrap_or(&Value::Null)["status"]
            );
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
