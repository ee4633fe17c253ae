//! Takes an address to listen on.
//!
//! A client that connects to a closed loopback port inside the system's ephemeral range
//! can be given that very port as its own and reach itself. Ports of our choosing therefore
//! lie below 32768, where Linux's range begins.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::config::{Listen, SandboxError};
use crate::clock::random_bytes;

/// Binds the address asked for, non-blocking.
pub(super) fn bind(listen: Listen) -> Result<TcpListener, SandboxError> {
    match listen {
        Listen::FreePort => bind_free(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        Listen::At(address) if !address.ip().is_loopback() => {
            Err(SandboxError::NotLoopback(address))
        }
        Listen::At(address) if address.port() == 0 => bind_free(address),
        Listen::At(address) => {
            bind_at(address).map_err(|source| SandboxError::Listen { address, source })
        }
    }
}

const LOWEST_PORT: u16 = 10_240;
const BELOW: u16 = 32_768;
const TRIES: u32 = 256;

fn bind_free(template: SocketAddr) -> Result<TcpListener, SandboxError> {
    let ports = BELOW - LOWEST_PORT;
    let mut offset = u16::from_le_bytes(random_bytes::<2>()?) % ports;
    for _ in 0..TRIES {
        let mut address = template;
        address.set_port(LOWEST_PORT + offset);
        match bind_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(source) => return Err(SandboxError::Listen { address, source }),
        }
        offset = (offset + 1) % ports;
    }
    Err(SandboxError::NoFreePort { below: BELOW, tries: TRIES })
}

fn bind_at(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_lies_below_the_ephemeral_range() {
        let listeners: Vec<_> =
            (0..8).map(|_| bind(Listen::FreePort).expect("a free port")).collect();
        for listener in listeners {
            let address = listener.local_addr().expect("bound");
            assert!(address.ip().is_loopback());
            assert!((LOWEST_PORT..BELOW).contains(&address.port()), "{address}");
        }
    }

    #[test]
    fn other_machines_are_not_served() {
        for address in ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080"] {
            let refused = bind(Listen::At(address.parse().expect("an address")));
            assert!(matches!(refused, Err(SandboxError::NotLoopback(_))), "{address}");
        }
    }

    #[test]
    fn a_taken_address_is_named() {
        let first = bind(Listen::FreePort).expect("a free port");
        let taken = first.local_addr().expect("bound");
        let error = bind(Listen::At(taken)).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot listen on `{taken}`"));
    }
}
