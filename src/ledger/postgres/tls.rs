//! Encryption that is verified: the certificate, and that it is this host's.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Why no encryption can be had, in words.
pub(super) type TlsFault = Box<dyn std::error::Error + Send + Sync>;

/// Trusts the authorities in this file, or those that this machine trusts.
pub(super) fn connector(roots: Option<&Path>) -> Result<MakeRustlsConnect, TlsFault> {
    // Named, because a second provider anywhere in the program would make the choice fail.
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?;
    let config = match roots {
        None => builder.with_platform_verifier()?.with_no_client_auth(),
        Some(file) => {
            let mut store = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(file)? {
                store.add(certificate?)?;
            }
            if store.is_empty() {
                return Err("`sslrootcert` names a file without certificates".into());
            }
            builder.with_root_certificates(store).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}
