//! Certificates with which the servers of a system know each other: all are signed by one authority that is kept beside
//! them, and nobody without one gets in.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer};
use rcgen::{KeyPair, KeyUsagePurpose};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use spillway_traces::{Node, Role};

/// The authority's certificate, which every server needs.
const AUTHORITY: &str = "ca.pem";
/// The authority's key, which only who makes certificates needs.
const AUTHORITY_KEY: &str = "ca.key";
/// What the authority is called in certificates. A file of an authority is read without a parser of certificates, so this
/// must stay as it is: certificates that are made later name it as their issuer.
const AUTHORITY_NAME: &str = "Spillway servers";
/// The domain of the servers' names in certificates. It is nowhere in the DNS.
const DOMAIN: &str = "spillway";
/// Years from the first to the last of which certificates are valid: servers of one operator do not renew them, and a
/// machine whose clock has yet to be set still starts.
const YEARS: (i32, i32) = (2000, 2120);
/// Nobody else may enter the folder.
const FOLDER_MODE: u32 = 0o700;
/// Nobody else may read a key.
const KEY_MODE: u32 = 0o600;
/// Certificates are no secret.
const CERTIFICATE_MODE: u32 = 0o644;
/// What helps if a file is missing or broken.
const REMEDY: &str = "`spillway keys` makes what is missing";

/// Makes what is missing in a folder of keys, and the folder: an authority, and a key and a certificate for each of these
/// nodes, named as everywhere (`B0`, `C1`, `G`, `K`). Nothing that is there is written to. Returns the files that it made.
///
/// # Errors
/// A name is no node's, a file cannot be read or written, or the authority's key is needed and not there.
pub fn make(folder: &Path, nodes: &[String]) -> Result<Vec<PathBuf>, String> {
    if let Some(stranger) = nodes.iter().find(|node| !is_node(node)) {
        return Err(format!("{stranger:?} is no server; expected a name such as B0, C1, G or K"));
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(FOLDER_MODE);
    builder.create(folder).map_err(|error| failed(folder, error))?;
    let mut made = Vec::new();
    make_authority(folder, &mut made)?;
    for node in nodes {
        make_node(folder, node, &mut made)?;
    }
    // A file is there after a crash only once its folder is on the disk, too.
    let synced = fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed(folder, error))?;
    Ok(made)
}

/// How a server meets servers that connect to it: TLS 1.3, and only with a certificate that the authority has signed. Whose
/// that is, [`is_of`] says.
///
/// # Errors
/// A file is missing or is not what it should be; with its path.
pub fn server_config(folder: &Path, node: &str) -> Result<Arc<ServerConfig>, String> {
    let (chain, key) = identity(folder, node)?;
    let path = certificate_path(folder, node);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(folder)?, provider());
    let verifier = verifier.build().map_err(|error| failed(&folder.join(AUTHORITY), error))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map(|builder| builder.with_client_cert_verifier(verifier))
        .and_then(|builder| builder.with_single_cert(chain, key))
        .map_err(|error| broken(&path, error))?;
    // Links between servers last: that each is checked anew is worth more than a shorter handshake.
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// How a server connects to another: TLS 1.3, with its own certificate, and only to who has one that the authority has
/// signed for the [`server_name`] that it asks for.
///
/// # Errors
/// A file is missing or is not what it should be; with its path.
pub fn client_config(folder: &Path, node: &str) -> Result<Arc<ClientConfig>, String> {
    let (chain, key) = identity(folder, node)?;
    let path = certificate_path(folder, node);
    let roots = roots(folder)?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map(|builder| builder.with_root_certificates(roots))
        .and_then(|builder| builder.with_client_auth_cert(chain, key))
        .map_err(|error| broken(&path, error))?;
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// The name of a node in its certificate.
///
/// # Panics
/// The text is not the name of a node.
pub fn server_name(node: &str) -> ServerName<'static> {
    name_of(node).expect("only nodes of the settings are asked for, and their names are DNS labels")
}

/// Whether this certificate is for this node. That the authority has signed it is checked in the handshake, not here.
pub fn is_of(certificate: &CertificateDer<'_>, node: &str) -> bool {
    let Some(name) = name_of(node) else { return false };
    ParsedCertificate::try_from(certificate)
        .is_ok_and(|parsed| verify_server_name(&parsed, &name).is_ok())
}

/// Whether this is a server's name. Names become names of files, so that nothing else may pass.
fn is_node(text: &str) -> bool {
    text.parse::<Node>().is_ok_and(|node| node.role != Role::Client)
}

fn dns_name(node: &str) -> String {
    format!("{}.{DOMAIN}", node.to_ascii_lowercase())
}

fn name_of(node: &str) -> Option<ServerName<'static>> {
    is_node(node).then(|| ServerName::try_from(dns_name(node)).ok()).flatten()
}

fn certificate_path(folder: &Path, node: &str) -> PathBuf {
    folder.join(format!("{node}.pem"))
}

fn key_path(folder: &Path, node: &str) -> PathBuf {
    folder.join(format!("{node}.key"))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn failed(path: &Path, error: impl Display) -> String {
    format!("{}: {error}", path.display())
}

/// For a file that is there and of no use: nothing is ever written over, so the operator has to remove it.
fn broken(path: &Path, error: impl Display) -> String {
    format!("{}: {error}; once the file is removed, {REMEDY}", path.display())
}

fn is_there(path: &Path) -> Result<bool, String> {
    path.try_exists().map_err(|error| failed(path, error))
}

/// A certificate and its key are made in two steps, the key first. A crash between them leaves a key, and it is used.
fn make_authority(folder: &Path, made: &mut Vec<PathBuf>) -> Result<(), String> {
    let path = folder.join(AUTHORITY);
    if is_there(&path)? {
        return Ok(());
    }
    let key = key_at(&folder.join(AUTHORITY_KEY), made)?;
    let certificate = authority().self_signed(&key).map_err(|error| failed(&path, error))?;
    write_new(&path, certificate.pem().as_bytes(), CERTIFICATE_MODE, made)
}

fn make_node(folder: &Path, node: &str, made: &mut Vec<PathBuf>) -> Result<(), String> {
    let (path, key_path) = (certificate_path(folder, node), key_path(folder, node));
    if is_there(&path)? {
        return match is_there(&key_path)? {
            true => Ok(()),
            false => Err(broken(&path, format!("its key {} is missing", key_path.display()))),
        };
    }
    let issuer = issuer(folder)?;
    let key = key_at(&key_path, made)?;
    let certificate = params(node)
        .and_then(|params| params.signed_by(&key, &issuer))
        .map_err(|error| failed(&path, error))?;
    check_signed(folder, node, certificate.der())?;
    write_new(&path, certificate.pem().as_bytes(), CERTIFICATE_MODE, made)
}

fn authority() -> CertificateParams {
    let mut params = valid_long(CertificateParams::default(), AUTHORITY_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)); // it signs for servers, not for other authorities
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// Every server connects to others, and most are connected to.
fn params(node: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = valid_long(CertificateParams::new(vec![dns_name(node)])?, node);
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

fn valid_long(mut params: CertificateParams, name: &str) -> CertificateParams {
    let (first, last) = YEARS;
    params.not_before = rcgen::date_time_ymd(first, 1, 1);
    params.not_after = rcgen::date_time_ymd(last, 12, 31);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// What signs: the authority's key, under the authority's name.
fn issuer(folder: &Path) -> Result<Issuer<'static, KeyPair>, String> {
    let path = folder.join(AUTHORITY_KEY);
    let text = fs::read_to_string(&path)
        .map_err(|error| failed(&path, format!("{error}; expected the key of {AUTHORITY}")))?;
    let key = KeyPair::from_pem(&text)
        .map_err(|error| failed(&path, format!("{error}; expected the key of {AUTHORITY}")))?;
    Ok(Issuer::new(authority(), key))
}

/// That the authority in the folder is the one whose key has signed: an operator may have mixed two folders up, and would
/// otherwise learn it only when no server lets another in.
fn check_signed(folder: &Path, node: &str, made: &CertificateDer<'_>) -> Result<(), String> {
    let path = folder.join(AUTHORITY_KEY);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(folder)?, provider()).build();
    let verifier = verifier.map_err(|error| failed(&folder.join(AUTHORITY), error))?;
    let verified = verifier.verify_server_cert(made, &[], &server_name(node), &[], UnixTime::now());
    let told =
        |error| format!("what it signs is refused: {error}; expected the key of {AUTHORITY}");
    verified.map(|_| ()).map_err(|error| failed(&path, told(error)))
}

/// The key in this file, which is made if there is none.
fn key_at(path: &Path, made: &mut Vec<PathBuf>) -> Result<KeyPair, String> {
    if is_there(path)? {
        let text = fs::read_to_string(path).map_err(|error| failed(path, error))?;
        return KeyPair::from_pem(&text).map_err(|error| broken(path, error));
    }
    let key = KeyPair::generate().map_err(|error| failed(path, error))?;
    write_new(path, key.serialize_pem().as_bytes(), KEY_MODE, made)?;
    Ok(key)
}

fn write_new(path: &Path, bytes: &[u8], mode: u32, made: &mut Vec<PathBuf>) -> Result<(), String> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let mut file = options.open(path).map_err(|error| failed(path, error))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(path); // half a file would be taken for a whole one; the error that is told is the first
        failed(path, error)
    })?;
    made.push(path.to_owned());
    Ok(())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = fs::read(path).map_err(|error| unread(path, &error))?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read).collect();
    let all = all.map_err(|error| broken(path, error))?;
    if all.is_empty() { Err(broken(path, "it holds no certificate")) } else { Ok(all) }
}

fn unread(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => failed(path, format!("{error}; {REMEDY}")),
        _ => failed(path, error),
    }
}

fn roots(folder: &Path) -> Result<Arc<RootCertStore>, String> {
    let path = folder.join(AUTHORITY);
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&path)? {
        roots.add(certificate).map_err(|error| failed(&path, error))?;
    }
    Ok(Arc::new(roots))
}

/// A node's certificate, with what an operator may have put below it, and its key.
fn identity(
    folder: &Path,
    node: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    if !is_node(node) {
        return Err(format!("{node:?} is no server; expected a name such as B0, C1, G or K"));
    }
    let (path, key_path) = (certificate_path(folder, node), key_path(folder, node));
    let chain = certificates(&path)?;
    // Under another's name it would be refused by every other server, with less to go by.
    if !chain.first().is_some_and(|own| is_of(own, node)) {
        return Err(broken(&path, format!("it is not for {}", dns_name(node))));
    }
    let text = fs::read(&key_path).map_err(|error| unread(&key_path, &error))?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| broken(&key_path, error))?;
    Ok((chain, key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rustls::{ClientConnection, Connection, ServerConnection};

    use super::*;

    /// Far more than a handshake takes.
    const ROUNDS_MAX: usize = 16;

    fn names(nodes: &[&str]) -> Vec<String> {
        nodes.iter().map(|node| node.to_string()).collect()
    }

    fn folder_of(nodes: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        make(folder.path(), &names(nodes)).expect("keys");
        folder
    }

    /// Carries what one has to say to the other; whether there was anything.
    fn carry(from: &mut Connection, to: &mut Connection) -> Result<bool, rustls::Error> {
        let mut wire = Vec::new();
        while from.wants_write() {
            from.write_tls(&mut wire).expect("a vector takes all");
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            to.read_tls(&mut rest).expect("a slice gives all");
            to.process_new_packets()?;
        }
        Ok(!wire.is_empty())
    }

    fn shake(
        client: Arc<ClientConfig>,
        server: Arc<ServerConfig>,
        to: &str,
    ) -> Result<(Connection, Connection), rustls::Error> {
        let mut client: Connection = ClientConnection::new(client, server_name(to))?.into();
        let mut server: Connection = ServerConnection::new(server)?.into();
        for _ in 0..ROUNDS_MAX {
            let was_said = carry(&mut client, &mut server)? | carry(&mut server, &mut client)?;
            if !was_said {
                assert!(!client.is_handshaking() && !server.is_handshaking());
                return Ok((client, server));
            }
        }
        panic!("the handshake does not end");
    }

    fn between(
        (client_folder, client): (&Path, &str),
        (server_folder, server): (&Path, &str),
        to: &str,
    ) -> Result<(Connection, Connection), rustls::Error> {
        let client = client_config(client_folder, client).expect("a client's configuration");
        let server = server_config(server_folder, server).expect("a server's configuration");
        shake(client, server, to)
    }

    #[test]
    fn servers_of_one_system_know_each_other() {
        let folder = folder_of(&["B0", "B1", "C1", "G", "K"]);
        let folder = folder.path();
        for (from, to) in [("B0", "C1"), ("C1", "K"), ("C1", "G"), ("B1", "C1")] {
            let (client, server) = between((folder, from), (folder, to), to).expect("a handshake");
            let peer = |connection: &Connection, node: &str| {
                connection.peer_certificates().is_some_and(|all| is_of(&all[0], node))
            };
            assert!(peer(&server, from) && !peer(&server, to));
            assert!(peer(&client, to) && !peer(&client, from));
            let version = Some(rustls::ProtocolVersion::TLSv1_3);
            assert_eq!((client.protocol_version(), server.protocol_version()), (version, version));
        }
    }

    #[test]
    fn who_asks_for_one_server_does_not_take_another() {
        let folder = folder_of(&["B0", "C0", "C1"]);
        let refused = between((folder.path(), "B0"), (folder.path(), "C1"), "C0");
        assert!(format!("{:?}", refused.expect_err("C1 is not C0")).contains("NotValidForName"));
    }

    #[test]
    fn certificates_of_another_authority_are_refused() {
        let (ours, theirs) = (folder_of(&["B0", "C0"]), folder_of(&["B0", "C0"]));
        let (ours, theirs) = (ours.path(), theirs.path());
        assert!(between((ours, "B0"), (theirs, "C0"), "C0").is_err(), "the client takes it");
        // A client that knows our authority, but whose certificate is of theirs: only the server can refuse it.
        let (chain, key) = identity(theirs, "B0").expect("a certificate");
        let client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("a version")
            .with_root_certificates(roots(ours).expect("an authority"))
            .with_client_auth_cert(chain, key)
            .expect("a configuration");
        let server = server_config(ours, "C0").expect("a configuration");
        let refused = shake(Arc::new(client), server, "C0").expect_err("the server takes it");
        assert!(matches!(refused, rustls::Error::InvalidCertificate(_)), "{refused:?}");
    }

    #[test]
    fn nobody_comes_without_a_certificate() {
        let folder = folder_of(&["C0"]);
        let client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("a version")
            .with_root_certificates(roots(folder.path()).expect("an authority"))
            .with_no_client_auth();
        let server = server_config(folder.path(), "C0").expect("a configuration");
        let refused = shake(Arc::new(client), server, "C0").expect_err("the server takes it");
        assert_eq!(refused, rustls::Error::NoCertificatesPresented);
    }

    #[test]
    fn a_certificate_is_of_its_node_only() {
        let folder = folder_of(&["B1"]);
        let of = certificates(&certificate_path(folder.path(), "B1")).expect("a certificate");
        assert!(is_of(&of[0], "B1"));
        for other in
            ["B0", "B11", "C1", "G", "b1", "", "B1.", "B1.spillway", "*", "é", "ca", "A1", "B01"]
        {
            assert!(!is_of(&of[0], other), "{other}");
        }
        assert!(!is_of(&CertificateDer::from(vec![0x30, 0x80]), "B1"), "what is no certificate");
        let authority = certificates(&folder.path().join(AUTHORITY)).expect("a certificate");
        assert!(!is_of(&authority[0], "B1"));
    }

    #[test]
    fn what_is_there_stays_and_what_is_missing_is_made() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = parent.path().join("some/keys");
        let made = make(&folder, &names(&["B0", "G"])).expect("keys");
        let files = ["ca.key", "ca.pem", "B0.key", "B0.pem", "G.key", "G.pem"];
        assert_eq!(made, files.map(|file| folder.join(file)));
        for file in files {
            let mode = fs::metadata(folder.join(file)).expect("it").permissions().mode() & 0o777;
            assert_eq!(mode & 0o077 == 0, file.ends_with(".key"), "{file} has {mode:o}");
        }
        assert_eq!(fs::metadata(&folder).expect("it").permissions().mode() & 0o777, FOLDER_MODE);
        let contents = || files.map(|file| fs::read(folder.join(file)).expect("it"));
        let before = contents();
        assert_eq!(make(&folder, &names(&["B0", "G"])), Ok(Vec::new()));
        let later = make(&folder, &names(&["B0", "C0", "G"])).expect("keys");
        assert_eq!(later, ["C0.key", "C0.pem"].map(|file| folder.join(file)));
        assert_eq!(contents(), before);
        between((&folder, "B0"), (&folder, "C0"), "C0").expect("one authority for early and late");
    }

    #[test]
    fn a_crash_between_key_and_certificate_is_made_good() {
        let folder = folder_of(&["B0", "C0"]);
        let folder = folder.path();
        for file in ["ca.pem", "B0.pem", "C0.pem"] {
            fs::remove_file(folder.join(file)).expect("it is there");
        }
        let made = make(folder, &names(&["B0", "C0"])).expect("keys");
        assert_eq!(made, ["ca.pem", "B0.pem", "C0.pem"].map(|file| folder.join(file)));
        between((folder, "B0"), (folder, "C0"), "C0").expect("a handshake");
    }

    #[test]
    fn only_who_signs_needs_the_authoritys_key() {
        let folder = folder_of(&["B0", "C0"]);
        let folder = folder.path();
        fs::remove_file(folder.join("ca.key")).expect("it is there");
        assert_eq!(make(folder, &names(&["B0", "C0"])), Ok(Vec::new()));
        between((folder, "B0"), (folder, "C0"), "C0").expect("a handshake");
        let error = make(folder, &names(&["C1"])).expect_err("nothing can sign");
        assert!(error.contains("ca.key: ") && error.contains("expected the key of ca.pem"));
        assert!(!folder.join("C1.key").exists());
    }

    #[test]
    fn errors_name_the_file_and_the_remedy() {
        type Spoil = fn(&Path);
        let cases: [(Spoil, &str, &str); 8] = [
            (|f| fs::remove_file(f.join("B0.pem")).expect("it"), "B0.pem: No such file", REMEDY),
            (|f| fs::remove_file(f.join("B0.key")).expect("it"), "B0.key: No such file", REMEDY),
            (|f| fs::remove_file(f.join("ca.pem")).expect("it"), "ca.pem: No such file", REMEDY),
            (|f| fs::write(f.join("B0.pem"), "").expect("it"), "B0.pem: it holds no", REMEDY),
            (|f| fs::write(f.join("B0.key"), "x").expect("it"), "B0.key: ", REMEDY),
            (|f| fs::write(f.join("ca.pem"), "x").expect("it"), "ca.pem: it holds no", REMEDY),
            (|f| drop(fs::copy(f.join("C0.pem"), f.join("B0.pem"))), "it is not for b0", REMEDY),
            (|f| drop(fs::copy(f.join("C0.key"), f.join("B0.key"))), "B0.pem: ", REMEDY),
        ];
        for (spoil, what, remedy) in cases {
            let folder = folder_of(&["B0", "C0"]);
            spoil(folder.path());
            let server = server_config(folder.path(), "B0").expect_err(what);
            let client = client_config(folder.path(), "B0").expect_err(what);
            assert_eq!(server, client);
            assert!(server.contains(what) && server.contains(remedy), "{server}");
        }
    }

    #[test]
    fn what_would_sign_for_nobody_is_told_when_it_is_made() {
        let (folder, other) = (folder_of(&["B0"]), folder_of(&["B0"]));
        let folder = folder.path();
        fs::copy(other.path().join("ca.key"), folder.join("ca.key")).expect("a copy");
        let error = make(folder, &names(&["C0"])).expect_err("two folders are mixed up");
        assert!(error.contains("ca.key: what it signs is refused"), "{error}");
        assert!(!folder.join("C0.pem").exists());
        fs::remove_file(folder.join("B0.key")).expect("it is there");
        let error = make(folder, &names(&["B0"])).expect_err("a certificate without a key");
        assert!(error.contains("B0.pem: its key") && error.contains(REMEDY), "{error}");
    }

    #[test]
    fn names_of_files_are_names_of_nodes() {
        let folder = tempfile::tempdir().expect("a folder");
        for bad in [
            "", "b0", "../B0", "B0/..", "B-1", "Bé", "éa", "B123456", "ca", "B0\0", "B", "B00",
            "G0", "A0", "B/0",
        ] {
            let error = make(folder.path(), &names(&["G", bad])).expect_err(bad);
            assert!(error.contains("is no server"), "{error}");
            assert!(server_config(folder.path(), bad).is_err());
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
