//! Where requests go.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::model::{ApiDomain, Sid};

/// The scheme, host, port and base path that the API key may be sent to.
///
/// Made only from the campaign's checked API domain or from the operator's environment,
/// never from audience data or a reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Without `/` at its end.
    base: String,
    host: String,
    port: Option<u16>,
}

/// Why a text is no endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EndpointError {
    /// Not an address at all, or one with characters that have no business in it.
    #[error("the API address must look like `https://host`, `https://host:port/path`")]
    NotAnAddress,
    /// Neither https nor http.
    #[error("the API address must start with `https://`")]
    Scheme,
    /// Plain http would show the API key to the network.
    #[error("plain `http://` is allowed only to this machine (`127.0.0.1`, `[::1]`, `localhost`)")]
    PlainHttp,
    /// A user name or password in the address.
    #[error("the API address must not hold a user name or password")]
    UserInfo,
    /// A query or a fragment.
    #[error("the API address must not hold `?` or `#`")]
    QueryOrFragment,
}

impl Endpoint {
    /// Whether requests stay on this machine.
    pub fn is_this_machine(&self) -> bool {
        is_this_machine(&self.host)
    }

    /// A pod's endpoint: https on its usual port.
    pub fn of(domain: &ApiDomain) -> Self {
        let host = domain.as_str().to_owned();
        Self { base: format!("https://{host}"), host, port: None }
    }

    /// Reads the text of `OFFERCAST_API_URL`: https to any host, http to this machine
    /// only; a port and a base path may follow.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let plain =
            |b: u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'$' | b'`' | b'\'');
        if !text.bytes().all(plain) {
            return Err(EndpointError::NotAnAddress);
        }
        let url = Url::parse(text).map_err(|_| EndpointError::NotAnAddress)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let is_local = host.is_some_and(is_this_machine);
        match url.scheme() {
            "https" => {}
            "http" if is_local => {}
            "http" => return Err(EndpointError::PlainHttp),
            _ => return Err(EndpointError::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointError::QueryOrFragment);
        }
        let host = host.ok_or(EndpointError::NotAnAddress)?.to_owned();
        Ok(Self { base: url.as_str().trim_end_matches('/').to_owned(), port: url.port(), host })
    }

    /// The host name or address, without the port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the ledger remembers and compares: the host, with the port unless it is the
    /// scheme's own.
    pub fn identity(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The address messages are posted to. Holds the SID: not to be shown.
    pub(super) fn messages_url(&self, sid: &Sid) -> Url {
        Url::parse(&format!("{}/v1/{}/messages", self.base, sid.expose()))
            .expect("a checked base and a SID of plain characters make an address")
    }
}

impl fmt::Display for Endpoint {
    /// The address without the SID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

fn is_this_machine(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Region;

    #[test]
    fn a_pod_is_reached_by_https() {
        let endpoint = Endpoint::of(&Region::Na.api_domain());
        assert_eq!(endpoint.to_string(), "https://api.na.kaleyra.ai");
        assert_eq!(endpoint.identity(), "api.na.kaleyra.ai");
        let sid = Sid::new("HXX071IN".to_owned()).expect("a SID");
        let url = endpoint.messages_url(&sid);
        assert_eq!(url.as_str(), "https://api.na.kaleyra.ai/v1/HXX071IN/messages");
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (text, identity) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://127.8.9.1", "127.8.9.1"),
            ("http://[::1]:80/", "[::1]"),
            ("http://localhost:9/", "localhost:9"),
            ("https://proxy.example.com:443/kaleyra/", "proxy.example.com"),
            ("https://proxy.example.com:8443/a/b", "proxy.example.com:8443"),
        ] {
            assert_eq!(Endpoint::parse(text).map(|e| e.identity()).as_deref(), Ok(identity));
        }
        for text in [
            "http://api.kaleyra.io",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://[::ffff:127.0.0.1]",
            "http://[::]",
        ] {
            assert_eq!(Endpoint::parse(text), Err(EndpointError::PlainHttp), "{text}");
        }
    }

    #[test]
    fn an_address_hides_nothing() {
        for (text, error) in [
            ("https://user@host", EndpointError::UserInfo),
            ("https://user:pass@host", EndpointError::UserInfo),
            ("http://localhost@example.com", EndpointError::PlainHttp),
            ("https://host/?x=1", EndpointError::QueryOrFragment),
            ("https://host/?", EndpointError::QueryOrFragment),
            ("https://host/#x", EndpointError::QueryOrFragment),
            ("ftp://host", EndpointError::Scheme),
            ("file:///etc/passwd", EndpointError::Scheme),
            ("https://", EndpointError::NotAnAddress),
            ("", EndpointError::NotAnAddress),
            ("api.kaleyra.io", EndpointError::NotAnAddress),
            ("https://host\\@evil", EndpointError::NotAnAddress),
            ("https://host/$(x)", EndpointError::NotAnAddress),
            ("https://ho st", EndpointError::NotAnAddress),
            ("https://host\n", EndpointError::NotAnAddress),
        ] {
            assert_eq!(Endpoint::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_base_path_comes_before_the_version() {
        let endpoint = Endpoint::parse("https://proxy.example.com/kaleyra/").expect("an address");
        let sid = Sid::new("S1".to_owned()).expect("a SID");
        let url = endpoint.messages_url(&sid);
        assert_eq!(url.path(), "/kaleyra/v1/S1/messages");
    }
}
