//! What a socket of another process is connected to, as `/proc/PID/net` tells.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Every socket that a process's network shows, by inode, as a person would write it.
pub(super) fn sockets(pid: i32) -> HashMap<u64, String> {
    let mut sockets = HashMap::new();
    for protocol in ["tcp", "tcp6", "udp", "udp6", "unix"] {
        let table = fs::read(format!("/proc/{pid}/net/{protocol}")).unwrap_or_default();
        let table = String::from_utf8_lossy(&table);
        let read = if protocol == "unix" { unix } else { internet };
        sockets.extend(table.lines().skip(1).filter_map(|line| read(protocol, line)));
    }
    sockets
}

/// `sl local remote state tx:rx tr:when retransmits uid timeout inode …`
fn internet(protocol: &str, line: &str) -> Option<(u64, String)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (local, remote) = (address(fields.get(1)?)?, address(fields.get(2)?)?);
    let inode = fields.get(9)?.parse().ok()?;
    let tcp = protocol.starts_with("tcp");
    let text = match *fields.get(3)? {
        "0A" if tcp => format!("{protocol} {local} listening"),
        state if tcp => format!("{protocol} {local} -> {remote} {}", state_name(state)),
        _ => format!("{protocol} {local}"),
    };
    Some((inode, text))
}

/// `number: references protocol flags type state inode [path]`
fn unix(protocol: &str, line: &str) -> Option<(u64, String)> {
    let mut fields = line.split_ascii_whitespace().skip(6);
    let inode = fields.next()?.parse().ok()?;
    let path = fields.collect::<Vec<_>>().join(" ");
    Some((inode, format!("{protocol} {}", if path.is_empty() { "(unnamed)" } else { &path })))
}

/// `0100007F:0016`: each 32 bits of the address as the machine holds them, the port as it is written.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words: Option<Vec<u32>> = (0..address.len() / 8)
        .map(|word| u32::from_str_radix(address.get(word * 8..word * 8 + 8)?, 16).ok())
        .collect();
    let bytes: Vec<u8> = words?.into_iter().flat_map(u32::to_ne_bytes).collect();
    let address = match bytes.len() {
        4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        _ => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

/// The numbers of `include/net/tcp_states.h`.
fn state_name(state: &str) -> &'static str {
    match state {
        "01" => "established",
        "02" => "connecting",
        "03" => "being connected",
        "08" => "closed by the other side",
        _ => "closing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_kernel_are_read() {
        let line =
            "  1: 0100007F:1F90 0200000A:D431 01 00000000:00000000 00:00000000 00000000  0  0 4711 1 0";
        assert_eq!(
            internet("tcp", line),
            Some((4711, "tcp 127.0.0.1:8080 -> 10.0.0.2:54321 established".into()))
        );
        let line = "  0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 9";
        assert_eq!(internet("tcp6", line), Some((9, "tcp6 [::1]:22 listening".into())));
        let line = "0000000000000000: 00000002 00000000 00010000 0001 01 815 /run/a socket";
        assert_eq!(unix("unix", line), Some((815, "unix /run/a socket".into())));
        assert_eq!(internet("tcp", "sl local"), None);
        assert_eq!(address("0100007F"), None);
        assert_eq!(address("01:1"), None);
    }

    #[test]
    fn a_listening_socket_of_this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let text = format!("tcp {} listening", listener.local_addr().unwrap());
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(sockets(own).values().any(|socket| *socket == text));
    }
}
