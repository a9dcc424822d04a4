//! Connections that begin with TLS (XEP-0368): what is offered in the handshake, and what comes after it.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, missing_docs)]

mod live;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use live::{HEAD, Server, add, slixmpp, spillway};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{AlertDescription, ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const PATIENCE: Duration = Duration::from_secs(20);
const DIRECT: [&str; 2] = ["--listen-tls", "127.0.0.1:0"];
/// PLAIN's message for alice, `\0alice\0correct horse` in base64.
const ALICE: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\
                     AGFsaWNlAGNvcnJlY3QgaG9yc2U=</auth>";

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A client that trusts the certificate in the data folder and nothing else, and offers these protocols.
fn connect(server: &Server, data: &Path, protocols: &[&str]) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data.join("certificate.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(server.direct.unwrap()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(tls, socket)
}

fn talk(client: &mut impl Read, until: &str) -> String {
    let (mut heard, mut room) = (String::new(), [0; 4096]);
    while !heard.contains(until) {
        let read = client.read(&mut room).unwrap();
        assert!(read > 0, "closed: {heard}");
        heard.push_str(std::str::from_utf8(&room[..read]).unwrap());
    }
    heard
}

fn say(client: &mut Tls, text: &str, until: &str) -> String {
    client.write_all(text.as_bytes()).unwrap();
    talk(client, until)
}

#[test]
fn the_handshake_comes_first_and_the_stream_is_as_after_starttls() {
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    let server = Server::start(data.path(), &DIRECT);
    for (protocols, agreed) in [(&["xmpp-client"][..], Some(&b"xmpp-client"[..])), (&[], None)] {
        let mut client = connect(&server, data.path(), protocols);
        let features = say(&mut client, HEAD, "</stream:features>");
        assert_eq!(client.conn.alpn_protocol(), agreed);
        assert!(!features.contains("starttls"), "{features}");
        assert!(features.contains("<mechanism>PLAIN</mechanism>"), "{features}");
        assert!(say(&mut client, ALICE, "/>").contains("<success"), "PLAIN is allowed");
        let features = say(&mut client, HEAD, "</stream:features>");
        assert!(features.contains("xmpp-bind"), "{features}");
    }
    // There is nothing to begin once more.
    let mut client = connect(&server, data.path(), &[]);
    say(&mut client, HEAD, "</stream:features>");
    let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    let answer = say(&mut client, starttls, "</stream:stream>");
    assert!(!answer.contains("<proceed"), "{answer}");
}

#[test]
fn what_is_not_meant_for_chat_is_refused_in_the_handshake() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &DIRECT);
    let mut client = connect(&server, data.path(), &["http/1.1"]);
    let refused = client.write_all(HEAD.as_bytes()).and_then(|()| client.read(&mut [0; 64]));
    let refused = refused.unwrap_err();
    let alert = refused.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let expected = rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol);
    assert_eq!(alert, Some(&expected), "{refused}");
    // Who speaks plaintext is not answered in plaintext.
    let mut plain = TcpStream::connect(server.direct.unwrap()).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    plain.write_all(HEAD.as_bytes()).unwrap();
    let mut heard = Vec::new();
    if let Err(error) = plain.read_to_end(&mut heard) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert!(!heard.contains(&b'<'), "{heard:?}");
}

#[test]
fn whoever_does_not_go_on_with_the_handshake_delays_no_stop() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &DIRECT);
    let _silent = TcpStream::connect(server.direct.unwrap()).unwrap();
    // It was accepted when somebody who came later is answered.
    let mut client = connect(&server, data.path(), &[]);
    say(&mut client, HEAD, "</stream:features>");
    let asked = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
}

#[test]
fn without_tls_there_is_none_to_begin_with() {
    let data = tempfile::tempdir().unwrap();
    let output = spillway()
        .args(["serve", "--insecure-plaintext", "--listen-tls", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("cannot be used with"), "{told}");
}

#[test]
fn slixmpp_comes_in_with_tls_from_the_beginning() {
    let data = tempfile::tempdir().unwrap();
    add("alice", data.path());
    add("bob", data.path());
    let server = Server::start(data.path(), &DIRECT);
    let told = slixmpp(&[server.direct.unwrap()], &["--direct-tls"]);
    assert!(told.contains("ok TLS") && told.contains("ok asked again later"), "{told}");
}
