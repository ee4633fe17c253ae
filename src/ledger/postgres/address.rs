//! Where a ledger in PostgreSQL is: a URL as `psql` takes it, of which only what is meant
//! here is allowed.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

/// The port PostgreSQL has unless another one is named.
const USUAL_PORT: u16 = 5432;

/// A database that holds one ledger, and how to get in.
#[derive(Clone, Debug)]
pub struct ServerAddress {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: String,
    pub(super) password: Option<SecretString>,
    pub(super) tls: Tls,
}

/// Where the server listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Host {
    /// A name or an IP address.
    Network(String),
    /// The folder of a Unix socket.
    Socket(PathBuf),
}

/// Whether the connection is encrypted. What is encrypted is always verified: certificate
/// and name, as `verify-full` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Tls {
    /// In the clear: a socket, this machine, or as asked for.
    Off,
    /// Verified against these authorities, or those that this machine trusts.
    Verified(Option<PathBuf>),
}

/// A URL that names no database a ledger could be in. Never tells the URL, which may hold a
/// password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ServerAddressError {
    /// Not of the form `postgres://user@host/database`.
    #[error("the ledger's URL has no usable {0}: it is `postgres://user@host:port/database`")]
    Part(&'static str),
    /// A parameter that does nothing here, or not what people expect of it.
    #[error("the ledger's URL has the unknown parameter `{0}`")]
    UnknownParameter(String),
    /// `prefer`, `allow`: whoever is in between may switch the encryption off.
    #[error(
        "`sslmode={0}` lets anybody in between switch the encryption off: say `verify-full`, or \
         `disable` where nobody is in between"
    )]
    WeakTls(String),
}

impl ServerAddress {
    /// Reads what follows `postgres://`.
    pub(in crate::ledger) fn parse(rest: &str) -> Result<Self, ServerAddressError> {
        let lacks = ServerAddressError::Part;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').ok_or(lacks("database"))?;
        let (login, place) = authority.rsplit_once('@').ok_or(lacks("user"))?;
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let text = |text: &str, what| decoded(text).filter(|t| !t.is_empty()).ok_or(lacks(what));
        let (host, port) = host_and_port(place)?;
        let host = if host.is_empty() { None } else { Some(text(host, "host")?) };
        let mut parameters = Parameters::read(query)?;
        let ((Some(host), None) | (None, Some(host))) = (host, parameters.host.take()) else {
            return Err(lacks("host"));
        };
        let host = if host.starts_with('/') {
            Host::Socket(PathBuf::from(host))
        } else {
            Host::Network(host)
        };
        Ok(Self {
            tls: parameters.tls(&host)?,
            host,
            port,
            database: text(database, "database")?,
            user: text(user, "user")?,
            password: password.map(|p| text(p, "password")).transpose()?.map(SecretString::from),
        })
    }

    /// Whether a password stands in the URL.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The same with a password from elsewhere.
    #[must_use]
    pub fn with_password(mut self, password: SecretString) -> Self {
        self.password = Some(password);
        self
    }

    /// What a line of a password file says: host, port, database, user.
    pub(super) fn login(&self) -> [String; 4] {
        let host = match &self.host {
            Host::Network(host) => host.clone(),
            Host::Socket(_) => "localhost".to_owned(),
        };
        [host, self.port.to_string(), self.database.clone(), self.user.clone()]
    }

    /// The password, for the connection.
    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl PartialEq for ServerAddress {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string() && self.password() == other.password()
    }
}

impl Eq for ServerAddress {}

impl fmt::Display for ServerAddress {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, database, user, .. } = self;
        write!(f, "postgres://{user}@")?;
        match host {
            Host::Network(host) if host.contains(':') => write!(f, "[{host}]")?,
            Host::Network(host) => f.write_str(host)?,
            Host::Socket(_) => {}
        }
        if *port != USUAL_PORT {
            write!(f, ":{port}")?;
        }
        write!(f, "/{database}")?;
        match host {
            Host::Network(_) => Ok(()),
            Host::Socket(folder) => write!(f, "?host={}", folder.display()),
        }
    }
}

/// What stands after the question mark.
#[derive(Default)]
struct Parameters {
    host: Option<String>,
    sslmode: Option<String>,
    sslrootcert: Option<String>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, ServerAddressError> {
        let mut parameters = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "host" => &mut parameters.host,
                "sslmode" => &mut parameters.sslmode,
                "sslrootcert" => &mut parameters.sslrootcert,
                _ => {
                    let fit = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                    let name = name.chars().filter(fit).take(32).collect();
                    return Err(ServerAddressError::UnknownParameter(name));
                }
            };
            *place = Some(decoded(value).ok_or(ServerAddressError::Part("parameters"))?);
        }
        Ok(parameters)
    }

    /// Unless something is said, only what stays on this machine goes in the clear.
    fn tls(&self, host: &Host) -> Result<Tls, ServerAddressError> {
        let stays_here = match host {
            Host::Socket(_) => true,
            Host::Network(host) => is_this_machine(host),
        };
        let verified = || Tls::Verified(self.sslrootcert.as_ref().map(PathBuf::from));
        match self.sslmode.as_deref() {
            None if stays_here && self.sslrootcert.is_none() => Ok(Tls::Off),
            Some("disable") => Ok(Tls::Off),
            None | Some("require" | "verify-ca" | "verify-full") => Ok(verified()),
            Some(mode @ ("prefer" | "allow")) => Err(ServerAddressError::WeakTls(mode.to_owned())),
            Some(_) => Err(ServerAddressError::Part("sslmode")),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn host_and_port(text: &str) -> Result<(&str, u16), ServerAddressError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(ServerAddressError::Part("host"))?;
            (host, rest.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map_or(Ok(USUAL_PORT), str::parse);
    Ok((host, port.map_err(|_| ServerAddressError::Part("port"))?))
}

/// Text of a URL without its `%XX`. `None` when it has a wrong one.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            let digits =
                str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ServerAddress, ServerAddressError> {
        ServerAddress::parse(text)
    }

    #[test]
    fn a_url_is_read_and_shown_without_its_password() {
        for (text, shown) in [
            ("sender:hu%3Ash@db.example.com/ledgers", "postgres://sender@db.example.com/ledgers"),
            ("sender@db.example.com:6432/l", "postgres://sender@db.example.com:6432/l"),
            ("sender@[::1]:6432/l", "postgres://sender@[::1]:6432/l"),
            ("sender@/l?host=/run/postgresql", "postgres://sender@/l?host=/run/postgresql"),
        ] {
            let address = parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("hu:sh"), "{address:?}");
        }
        let address = parse("sender:hu%3Ash@db.example.com/ledgers").expect("a URL");
        assert_eq!(address.password(), Some("hu:sh"));
    }

    #[test]
    fn only_what_stays_on_the_machine_is_in_the_clear_unless_it_is_said() {
        for (text, tls) in [
            ("u@db.example.com/l", Tls::Verified(None)),
            ("u@10.0.0.7/l", Tls::Verified(None)),
            ("u@db.example.com/l?sslmode=require", Tls::Verified(None)),
            ("u@db.example.com/l?sslmode=disable", Tls::Off),
            ("u@db.example.com/l?sslrootcert=/ca.pem", Tls::Verified(Some("/ca.pem".into()))),
            ("u@localhost/l", Tls::Off),
            ("u@127.0.0.1/l", Tls::Off),
            ("u@127.0.0.1/l?sslmode=verify-full", Tls::Verified(None)),
            ("u@/l?host=/tmp", Tls::Off),
        ] {
            assert_eq!(parse(text).expect(text).tls, tls, "{text}");
        }
    }

    #[test]
    fn what_is_no_such_url_is_refused_and_never_repeated() {
        for text in [
            "",
            "u",
            "u@host",
            "u@host/",
            "@host/l",
            ":secret@host/l",
            "u:secret@/l",
            "u:secret@host:port/l",
            "u:%zz@host/l",
            "u:secret@host/l?sslmode=prefer",
            "u:secret@host/l?sslmode=perhaps",
            "u:secret@host/l?pooling=secret",
            "u:secret@host/l?host=/tmp",
            "u:secret@[::1/l",
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
