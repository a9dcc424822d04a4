//! The certificate: the operator's, or one of its own making that is kept in the data folder.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
/// What chat clients speak, as ALPN calls it.
const PROTOCOL: &[u8] = b"xmpp-client";

/// The configuration of TLS with the certificate in a data folder, which is made if there is none.
///
/// # Errors
/// The files cannot be written or read, or are no certificate and key; with their path.
pub(super) fn configure(data: &Path, domain: &str) -> Result<Arc<ServerConfig>, String> {
    let (certificate, key) = (data.join(CERTIFICATE), data.join(KEY));
    if !certificate.exists() || !key.exists() {
        make(&certificate, &key, domain)?;
    }
    let of = |path: &Path| {
        let path = path.display().to_string();
        move |error: rustls::pki_types::pem::Error| format!("{path}: {error}")
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect)
        .map_err(of(&certificate))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(of(&key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private));
    config.map(Arc::new).map_err(|error| format!("{}: {error}", certificate.display()))
}

/// The same for connections that begin with TLS (XEP-0368): a client that says which protocol it wants must want ours.
pub(super) fn direct(config: &ServerConfig) -> Arc<ServerConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Arc::new(config)
}

/// A certificate that nobody else has signed.
fn make(certificate: &Path, key: &Path, domain: &str) -> Result<(), String> {
    let made = rcgen::generate_simple_self_signed(vec![domain.to_owned()]);
    let made = made.map_err(|error| format!("no certificate can be made for {domain}: {error}"))?;
    let told = |path: &Path, done: io::Result<()>| {
        done.map_err(|error| format!("{}: {error}", path.display()))
    };
    told(key, write_secret(key, made.signing_key.serialize_pem().as_bytes()))?;
    told(certificate, fs::write(certificate, made.cert.pem()))
}

/// A file that nobody else may read.
pub(super) fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, bytes)
}
