//! What of a network there is: interfaces, the loopback, and whether our own name is written down.
//!
//! No name is resolved: in this process that would load libraries of the image under test.

use std::net::UdpSocket;

use serde::{Deserialize, Serialize};

/// The network as it was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Network {
    /// 127.0.0.1 can be used; none where sockets are refused altogether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loopback: Option<bool>,
    /// Names of all interfaces, up or not.
    pub interfaces: Vec<String>,
    /// Our host name is in `/etc/hosts`; if it is not, only a name server may know it.
    pub name_in_hosts: bool,
}

impl Network {
    /// Looks.
    #[must_use]
    pub fn look(host: &str) -> Self {
        let devices = std::fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
        let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
        // An interface that is down has no address to bind to, or no way to it.
        let loopback = match UdpSocket::bind(("127.0.0.1", 0)) {
            Ok(socket) => Some(socket.local_addr().is_ok_and(|own| socket.connect(own).is_ok())),
            Err(error) if error.kind() == std::io::ErrorKind::AddrNotAvailable => Some(false),
            Err(_) => None,
        };
        Self { loopback, interfaces: interfaces(&devices), name_in_hosts: knows(&hosts, host) }
    }
}

fn interfaces(devices: &str) -> Vec<String> {
    // Two lines of heading, then `  eth0: 1 2 3 …`.
    let names = devices.lines().skip(2).filter_map(|line| line.split_once(':'));
    names.map(|(name, _)| name.trim().to_owned()).collect()
}

fn knows(hosts: &str, name: &str) -> bool {
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.flat_map(|line| line.split_whitespace().skip(1)).any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_read_from_the_kernels_table() {
        let text = "Inter-|   Receive\n face |bytes\n    lo:       0       0\n  eth0: 12 1\n";
        assert_eq!(interfaces(text), ["lo", "eth0"]);
    }

    #[test]
    fn a_name_counts_and_an_address_or_a_remark_does_not() {
        let text = "127.0.0.1 localhost\n10.0.0.7\tpod-7f.ns.svc pod-7f # old-name\n";
        assert!(knows(text, "pod-7f") && knows(text, "LOCALHOST"));
        assert!(!knows(text, "old-name") && !knows(text, "10.0.0.7") && !knows(text, "pod"));
    }
}
