//! Which names a request may call this server by.

use std::net::IpAddr;

/// The names that are let in.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    /// Whether the server is reached from this machine only.
    is_loopback: bool,
    names: Vec<String>,
}

impl Hosts {
    /// Those of a server on `address`, with more names that were given.
    pub(crate) fn new(address: IpAddr, more: &[String]) -> Self {
        let names = more.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { is_loopback: address.is_loopback(), names }
    }

    /// Whether a request with this `Host` is let in: addresses cannot be made to point elsewhere, names can.
    pub(crate) fn is_let_in(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) => !self.is_loopback || address.is_loopback(),
            Err(_) => name == "localhost" || name.ends_with(".localhost") || self.names.contains(&name),
        }
    }
}

/// `name:8321` → `name`, `[::1]:8321` → `[::1]`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_let_in() {
        let hosts = Hosts::new(IpAddr::from([127, 0, 0, 1]), &[]);
        for host in ["127.0.0.1:8321", "localhost:8321", "LOCALHOST", "[::1]:80", "127.0.0.2"] {
            assert!(hosts.is_let_in(host), "{host}");
        }
        for host in ["evil.example:8321", "", "192.168.1.2:8321", "localhost.evil.example", "127.0.0.1.evil.example"] {
            assert!(!hosts.is_let_in(host), "{host}");
        }
    }

    #[test]
    fn an_open_server_knows_its_addresses_and_the_names_it_was_given() {
        let hosts = Hosts::new(IpAddr::from([0, 0, 0, 0]), &["Desk".to_owned()]);
        assert!(hosts.is_let_in("192.168.1.2:8321") && hosts.is_let_in("desk:80"));
        assert!(!hosts.is_let_in("evil.example"));
    }
}
