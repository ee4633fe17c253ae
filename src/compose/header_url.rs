//! Where a header link may point.
//!
//! The LTO page: `media_url` is public and ends in a file extension. Meta fetches it from
//! the open internet, so an address that only exists inside a network can never work.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::text_rules::{MAX_URL_CHARS, TextFault, url_characters};

/// File extensions of the header kinds that a limited-time offer may have.
const USUAL_EXTENSIONS: [&str; 5] = ["jpg", "jpeg", "png", "mp4", "3gp"];

const RULE: &str = "template/header-url";

/// Checks a rendered header link.
pub(super) fn header_url(text: &str) -> Result<(), TextFault> {
    let fault = |what| Err(TextFault { rule: RULE, what, hint: None });
    if text.is_empty() {
        return fault("is empty");
    }
    if let Err(bad) = url_characters(text) {
        return Err(TextFault { rule: RULE, ..bad });
    }
    if text.chars().count() > MAX_URL_CHARS {
        return fault("has more than 2000 characters");
    }
    let Some(rest) = text.strip_prefix("https://") else {
        return fault("does not start with `https://`");
    };
    let Some((authority, _)) = rest.split_once('/') else {
        return fault("has no path");
    };
    authority_is_public(authority)?;
    if extension(text).is_none() {
        return fault("does not end in a file extension such as `.mp4` or `.png`");
    }
    Ok(())
}

/// Checks the part between `https://` and the path.
pub(super) fn authority_is_public(authority: &str) -> Result<(), TextFault> {
    let fault = |what| Err(TextFault { rule: "template/header-private", what, hint: None });
    if authority.contains('@') {
        return fault("contains a user name or password");
    }
    if authority.contains(['\\', '?', '#', '%']) {
        return fault("has a host that is no plain name");
    }
    if let Some(inner) = authority.strip_prefix('[') {
        let address = inner.split(']').next().and_then(|text| text.parse().ok());
        return match address {
            Some(address) if !is_private_v6(address) => Ok(()),
            _ => fault("points into a private network"),
        };
    }
    let host = authority.split(':').next().unwrap_or_default().trim_end_matches('.');
    let host = host.to_ascii_lowercase();
    if host.is_empty() {
        return fault("has no host");
    }
    // Fetchers read `127.1`, `2130706433` and `0x7f000001` as addresses too; a public name
    // has a dot, and its last label never starts with a digit.
    let private = if let Ok(address) = host.parse::<Ipv4Addr>() {
        is_private_v4(address)
    } else {
        let inside = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];
        let last = host.rsplit('.').next().unwrap_or_default();
        !host.contains('.')
            || last.starts_with(|c: char| c.is_ascii_digit())
            || inside.iter().any(|end| host.ends_with(end))
    };
    if private { fault("points into a private network") } else { Ok(()) }
}

/// The file extension that a link ends in: 2 to 4 letters or digits after the last dot of
/// its last segment.
pub(super) fn extension(text: &str) -> Option<&str> {
    let segment = text.rsplit('/').next()?;
    let (_, extension) = segment.rsplit_once('.')?;
    let plain = extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ((2..=4).contains(&extension.len()) && plain).then_some(extension)
}

/// Whether an extension is one of a picture or video that an offer may show.
pub(super) fn is_usual_extension(extension: &str) -> bool {
    USUAL_EXTENSIONS.iter().any(|usual| usual.eq_ignore_ascii_case(extension))
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || first == 0
        || (first == 100 && (64..128).contains(&second))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let IpAddr::V4(mapped) = IpAddr::V6(address).to_canonical() {
        return is_private_v4(mapped);
    }
    let first = address.segments()[0];
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || first & 0xfe00 == 0xfc00
        || first & 0xffc0 == 0xfe80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_link_is_public_and_ends_in_a_file_extension() {
        for good in [
            "https://cdn.example.com/diwali.mp4",
            "https://cdn.example.com:8443/a/b/c.PNG",
            "https://8.8.8.8/x.3gp",
            "https://[2001:4860:4860::8888]/x.png",
        ] {
            assert_eq!(header_url(good), Ok(()), "{good}");
        }
        for (bad, what) in [
            ("", "is empty"),
            ("http://cdn.example.com/a.png", "does not start with `https://`"),
            ("https://cdn.example.com", "has no path"),
            ("https://cdn.example.com/a b.png", "contains white space"),
            (
                "https://cdn.example.com/offer",
                "does not end in a file extension such as `.mp4` or `.png`",
            ),
            (
                "https://cdn.example.com/a.png?v=1",
                "does not end in a file extension such as `.mp4` or `.png`",
            ),
            ("https://me:pw@cdn.example.com/a.png", "contains a user name or password"),
        ] {
            assert_eq!(header_url(bad).map_err(|fault| fault.what), Err(what), "{bad}");
        }
    }

    #[test]
    fn a_header_link_never_points_into_a_private_network() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "a.localhost",
            "intranet",
            "10.0.0.1",
            "172.16.3.4",
            "192.168.1.1",
            "169.254.169.254",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",
            "100.64.0.1",
            "printer.local",
            "metadata.google.internal",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fd00::1]",
            "[fe80::1]",
            "[nonsense]",
        ] {
            let link = format!("https://{host}/a.png");
            let what = header_url(&link).map_err(|fault| fault.what);
            assert_eq!(what, Err("points into a private network"), "{host}");
        }
    }
}
