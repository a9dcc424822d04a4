//! A stream from its first byte until its resource is bound, its card is set and shared with everyone. Here each side waits for
//! the other.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::args::Args;
use crate::requests::card;
use crate::wire::Wire;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connection `number` of account `user`, logged in.
pub(crate) fn log_in(args: &Args, number: usize, user: usize) -> io::Result<Wire> {
    let socket = TcpStream::connect(&args.server)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut wire = Wire::new(socket);
    let head = format!(
        "<?xml version='1.0'?><stream:stream to='{}' version='1.0' xmlns='jabber:client' \
         xmlns:stream='http://etherx.jabber.org/streams'>",
        args.domain
    );
    talk(&mut wire, &head, "</stream:features>")?;
    if args.tls {
        let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
        talk(&mut wire, starttls, "<proceed")?;
        wire.begin_tls(&args.domain)?;
        talk(&mut wire, &head, "</stream:features>")?;
    }
    let plain = STANDARD.encode(format!("\0u{user}\0{}", args.password));
    let auth =
        format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>");
    talk(&mut wire, &auth, "<success")?;
    talk(&mut wire, &head, "</stream:features>")?;
    let bind = format!(
        "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load{number}\
         </resource></bind></iq>"
    );
    talk(&mut wire, &bind, "</iq>")?;
    if number < args.users {
        let set = format!("<iq type='set' id='card'>{}</iq>", card(user, &args.domain));
        let answer = talk(&mut wire, &set, "id=")?;
        assert!(answer.contains("result"), "a card is set: {answer}");
        // Ours share with contacts until told otherwise; others do not know this.
        let share = "<iq type='set' id='share'><sharing xmlns='urn:spillway:sharing' with='everyone'/></iq>";
        talk(&mut wire, share, "id=")?;
    }
    Ok(wire)
}

/// Says something and waits for an answer that has this in it.
fn talk(wire: &mut Wire, say: &str, until: &str) -> io::Result<String> {
    let mut out = say.as_bytes().to_vec();
    wire.write(&mut out)?;
    let mut heard = Vec::new();
    loop {
        let is_more = wire.read(&mut heard)?;
        let text = String::from_utf8_lossy(&heard);
        if text.contains(until) {
            return Ok(text.into_owned());
        }
        if !is_more || text.contains("<failure") || text.contains("stream:error") {
            return Err(io::Error::other(format!("after {say}: {text}")));
        }
    }
}
