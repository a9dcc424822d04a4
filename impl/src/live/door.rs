//! A door: an address where chat clients come in, and how what they say there is secured.

use std::sync::Arc;

use mio::net::{TcpListener, TcpStream};
use rustls::ServerConfig;

use super::connection::Connection;
use super::front::stream::{Policy, Stream};

/// A door.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    /// What streams that begin here are held to.
    pub(super) policy: Arc<Policy>,
    /// TLS that begins with the connection (XEP-0368); none if it begins in plaintext.
    pub(super) direct: Option<Arc<ServerConfig>>,
}

impl Door {
    /// The connection of a client who has come in.
    ///
    /// # Errors
    /// The configuration is not fit for TLS.
    pub(super) fn connection(
        &self,
        socket: TcpStream,
        name: String,
        now_us: u64,
    ) -> Result<Connection, rustls::Error> {
        let stream = Stream::new(self.policy.clone(), name);
        let mut connection = Connection::new(socket, stream, now_us);
        if let Some(config) = &self.direct {
            connection.begin_tls(config.clone())?;
        }
        Ok(connection)
    }
}
