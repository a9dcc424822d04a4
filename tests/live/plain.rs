//! A client that speaks plain XMPP and waits for each answer.
#![allow(dead_code, unreachable_pub)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{HEAD, Server};

const PATIENCE: Duration = Duration::from_secs(20);

/// `\0alice\0correct horse` and `\0bob\0correct horse` in base64.
pub const ALICE: &str = "AGFsaWNlAGNvcnJlY3QgaG9yc2U=";
pub const BOB: &str = "AGJvYgBjb3JyZWN0IGhvcnNl";

/// A client that speaks plain XMPP.
pub struct Client(pub TcpStream);

impl Client {
    /// Logs in with PLAIN, whose message for alice and bob is known.
    pub fn log_in(server: &Server, plain: &str) -> Client {
        let mut client = Client::connect(server);
        let success = client.talk(
            &format!(
                "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"
            ),
            "xmpp-sasl",
        );
        assert!(success.contains("<success"), "{success}");
        client.talk(HEAD, "</stream:features>");
        client.talk(
            "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
            "</iq>",
        );
        client
    }

    pub fn connect(server: &Server) -> Client {
        let socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Client(socket);
        let features = client.talk(HEAD, "</stream:features>");
        assert!(features.contains("SCRAM-SHA-256"), "{features}");
        client
    }

    pub fn talk(&mut self, say: &str, until: &str) -> String {
        self.0.write_all(say.as_bytes()).unwrap();
        let (mut heard, mut room) = (String::new(), [0; 4096]);
        while !heard.contains(until) {
            let read = self.0.read(&mut room).unwrap();
            assert!(read > 0, "closed after {say}: {heard}");
            heard.push_str(std::str::from_utf8(&room[..read]).unwrap());
        }
        heard
    }

    /// Says all of this at once, and takes so many answers.
    pub fn answers(&mut self, say: &str, count: usize) {
        let mut writer = self.0.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(say.as_bytes()).unwrap());
            let (mut answers, mut last, mut room) = (0, Vec::new(), vec![0; 1 << 16]);
            while answers < count {
                let read = self.0.read(&mut room).unwrap();
                assert!(read > 0, "closed after {answers} answers");
                last.extend_from_slice(&room[..read]);
                answers += last.windows(5).filter(|part| *part == b"</iq>").count();
                last.drain(..last.len().saturating_sub(4)); // what an end may begin with
            }
        });
    }

    pub fn publish(&mut self, name: &str) {
        let set =
            format!("<iq type='set' id='s'><vCard xmlns='vcard-temp'><FN>{name}</FN></vCard></iq>");
        let answer = self.talk(&set, "id=");
        assert!(answer.contains("result"), "{answer}");
    }

    pub fn own_card(&mut self) -> String {
        self.talk("<iq type='get' id='g'><vCard xmlns='vcard-temp'/></iq>", "</iq>")
    }
}
