//! The bytes of a connection, through TLS where it is asked for. Who the server is does not matter here, so any certificate will
//! do.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;

pub(crate) struct Wire {
    socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// Kept, since to clear it for each read costs more than to read.
    room: Box<[u8]>,
}

impl Wire {
    pub(crate) fn new(socket: TcpStream) -> Wire {
        Wire { socket, tls: None, room: vec![0; READ_BYTES].into() }
    }

    pub(crate) fn begin_tls(&mut self, domain: &str) -> io::Result<()> {
        let provider = Arc::new(ring::default_provider());
        let anybody = Arc::new(Anybody(provider.clone()));
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(anybody);
        let config = Arc::new(builder.with_no_client_auth());
        let name = ServerName::try_from(domain.to_owned()).map_err(io::Error::other)?;
        let mut tls = ClientConnection::new(config, name).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut self.socket)?;
        }
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    /// From here on nothing waits.
    pub(crate) fn run(&mut self) -> io::Result<()> {
        self.socket.set_nonblocking(true)
    }

    /// Puts what has come behind what is there. False if there is nothing for now.
    pub(crate) fn read(&mut self, into: &mut Vec<u8>) -> io::Result<bool> {
        let read = match self.socket.read(&mut self.room) {
            Ok(0) => return Err(io::Error::other("the server has closed a connection")),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut bytes = &self.room[..read];
        let Some(tls) = &mut self.tls else {
            into.extend_from_slice(bytes);
            return Ok(true);
        };
        while !bytes.is_empty() {
            tls.read_tls(&mut bytes)?;
            let left = tls.process_new_packets().map_err(io::Error::other)?;
            let from = into.len();
            into.resize(from + left.plaintext_bytes_to_read(), 0);
            tls.reader().read_exact(&mut into[from..])?;
        }
        Ok(true)
    }

    /// Sends as much as the system takes, and takes that off the front.
    pub(crate) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        match self.try_write(out) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            done => done,
        }
    }

    fn try_write(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        loop {
            if let Some(tls) = &mut self.tls {
                let taken = tls.writer().write(out)?;
                out.drain(..taken);
                while tls.wants_write() {
                    tls.write_tls(&mut self.socket)?;
                }
            } else if !out.is_empty() {
                let written = self.socket.write(out)?;
                out.drain(..written);
            }
            if out.is_empty() {
                return Ok(());
            }
        }
    }
}

/// Takes any certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
