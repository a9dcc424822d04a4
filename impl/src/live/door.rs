//! A door: an address where chat clients come in, and how what they say there is secured.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use rustls::ServerConfig;
use socket2::{SockRef, TcpKeepalive};

use super::connection::Connection;
use super::front::stream::{Policy, Stream};

/// After how long without a word the system asks the other end's whether it is there, and how often it asks how many times.
const SILENCE: Duration = Duration::from_secs(60);
const ASKED_EVERY: Duration = Duration::from_secs(10);
const ASKED_TIMES: u32 = 6;
#[cfg(target_os = "linux")]
/// For how long what was sent may stay without an acknowledgement of the other end's system.
const UNACKNOWLEDGED: Duration = Duration::from_secs(120);

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

/// What is asked of the system for a client's socket: that nothing waits for more to be sent with it, and that whoever vanishes
/// without a word (its power is gone, or its network) is found out within two minutes.
///
/// # Errors
/// The system cannot.
pub(super) fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = SockRef::from(socket);
    let asks =
        TcpKeepalive::new().with_time(SILENCE).with_interval(ASKED_EVERY).with_retries(ASKED_TIMES);
    socket.set_tcp_keepalive(&asks)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}
