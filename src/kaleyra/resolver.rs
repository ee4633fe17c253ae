//! Host names through the system's resolver, with an error of our own: reqwest's does not
//! tell a name that cannot be resolved from other failures to connect.

use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The system's resolver (`getaddrinfo`).
pub(super) struct SystemResolver;

/// The system could not resolve the host name.
#[derive(Debug, thiserror::Error)]
#[error("the host name could not be resolved")]
pub(super) struct Unresolved(#[source] io::Error);

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The connection's own port replaces the 0.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(Unresolved)?;
            let addresses: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_cannot_be_resolved_has_an_error_of_its_own() {
        // A label above 63 characters is refused without asking the network.
        let name: Name = "a".repeat(64).parse().expect("a name");
        let found = SystemResolver.resolve(name).await;
        assert!(found.is_err_and(|error| error.is::<Unresolved>()));
        let name: Name = "localhost".parse().expect("a name");
        assert!(SystemResolver.resolve(name).await.is_ok_and(|mut found| found.next().is_some()));
    }
}
