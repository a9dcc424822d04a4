//! The dialogue of SASL on a stream (RFC 6120 §6): what the elements mean, and what was tried.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minidom::Element;

use super::names::SASL;
use super::sasl::{self, Denied, Hash, Realm};
use super::scram::Scram;
use super::token::{self, Random};
use super::write;

/// Failed attempts on one connection, restarts included; after the last the stream is closed.
pub const FAILURES_MAX: u32 = 3;

/// The mechanisms that are offered, the best first.
pub const MECHANISMS: [&str; 3] = ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];

#[derive(Clone, Copy)]
enum Mechanism {
    Scram(Hash),
    Plain,
}

enum Waiting {
    /// For an attempt.
    Auth,
    /// For the client's first message, which it did not send along with its choice.
    First(Mechanism),
    /// For the client's second message of SCRAM.
    Second(Box<Scram>),
}

/// What an element of SASL led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The dialogue goes on.
    Continues,
    /// An attempt failed.
    Failed {
        /// The account that was claimed, if the attempt came so far.
        account: Option<String>,
    },
    /// This account has logged in.
    Done {
        /// Its name.
        account: String,
    },
}

enum Answer {
    Challenge(Vec<u8>, Waiting),
    Success { account: String, last: Option<String> },
}

/// The state of the dialogue on one connection.
pub struct Login {
    failures: u32,
    waiting: Waiting,
}

impl Default for Login {
    fn default() -> Self {
        Self { failures: 0, waiting: Waiting::Auth }
    }
}

impl Login {
    /// Whether the client has used up its attempts.
    pub fn exhausted(&self) -> bool {
        self.failures >= FAILURES_MAX
    }

    /// Answers one element of the namespace of SASL; `None` if it is not one that a client sends.
    pub fn handle(
        &mut self,
        element: &Element,
        realm: &Realm<'_>,
        random: &mut Random<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Outcome> {
        let waiting = std::mem::replace(&mut self.waiting, Waiting::Auth);
        let answer = match element.name() {
            "abort" => Err(Denied { account: waiting.account(), ..Denied::because("aborted") }),
            "auth" => chosen(waiting, element).and_then(|m| begun(m, element, realm, random)),
            "response" => responded(waiting, element, realm, random),
            _ => return None,
        };
        Some(self.answer(answer, out))
    }

    /// Refuses an attempt that comes before TLS.
    pub fn refuse_in_plaintext(&mut self, out: &mut Vec<u8>) -> Outcome {
        self.answer(Err(Denied::because("encryption-required")), out)
    }

    fn answer(&mut self, answer: Result<Answer, Denied>, out: &mut Vec<u8>) -> Outcome {
        match answer {
            Ok(Answer::Challenge(message, waiting)) => {
                self.waiting = waiting;
                tell("challenge", &STANDARD.encode(message), out);
                Outcome::Continues
            }
            Ok(Answer::Success { account, last }) => {
                tell("success", &last.map(|l| STANDARD.encode(l)).unwrap_or_default(), out);
                Outcome::Done { account }
            }
            Err(denied) => {
                self.failures += 1;
                refuse(&denied, out);
                Outcome::Failed { account: denied.account }
            }
        }
    }
}

impl Waiting {
    fn account(&self) -> Option<String> {
        match self {
            Self::Second(scram) => scram.account().map(str::to_owned),
            Self::Auth | Self::First(_) => None,
        }
    }
}

fn chosen(waiting: Waiting, auth: &Element) -> Result<Mechanism, Denied> {
    // An attempt that is dropped for another counts, or a client could ask about names for ever.
    if !matches!(waiting, Waiting::Auth) {
        let account = waiting.account();
        return Err(Denied { account, ..Denied::malformed("another attempt is under way") });
    }
    match auth.attr("mechanism") {
        Some("SCRAM-SHA-256") => Ok(Mechanism::Scram(Hash::Sha256)),
        Some("SCRAM-SHA-1") => Ok(Mechanism::Scram(Hash::Sha1)),
        Some("PLAIN") => Ok(Mechanism::Plain),
        _ => Err(Denied::because("invalid-mechanism")),
    }
}

fn begun(
    mechanism: Mechanism,
    auth: &Element,
    realm: &Realm<'_>,
    random: &mut Random<'_>,
) -> Result<Answer, Denied> {
    match auth.text().trim() {
        "" => Ok(Answer::Challenge(Vec::new(), Waiting::First(mechanism))),
        // How an `auth` says that its first message is there, and empty.
        "=" => first(mechanism, b"", realm, random),
        text => first(mechanism, &decoded(text)?, realm, random),
    }
}

fn responded(
    waiting: Waiting,
    response: &Element,
    realm: &Realm<'_>,
    random: &mut Random<'_>,
) -> Result<Answer, Denied> {
    let account = waiting.account();
    let message = decoded(response.text().trim()).map_err(|denied| Denied { account, ..denied })?;
    match waiting {
        Waiting::Auth => Err(Denied::malformed("there is nothing to respond to")),
        Waiting::First(mechanism) => first(mechanism, &message, realm, random),
        Waiting::Second(scram) => {
            let proven = scram.finish(&message)?;
            Ok(Answer::Success { account: proven.account, last: Some(proven.server_final) })
        }
    }
}

fn first(
    mechanism: Mechanism,
    message: &[u8],
    realm: &Realm<'_>,
    random: &mut Random<'_>,
) -> Result<Answer, Denied> {
    if !realm.accounts.available() {
        return Err(Denied::because("temporary-auth-failure"));
    }
    match mechanism {
        Mechanism::Plain => {
            sasl::plain(message, realm).map(|account| Answer::Success { account, last: None })
        }
        Mechanism::Scram(hash) => {
            let (scram, challenge) = Scram::begin(message, hash, &token::fresh(random), realm)?;
            Ok(Answer::Challenge(challenge.into_bytes(), Waiting::Second(Box::new(scram))))
        }
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Denied> {
    STANDARD.decode(text).map_err(|_| Denied::because("incorrect-encoding"))
}

fn tell(name: &str, text: &str, out: &mut Vec<u8>) {
    let element = match text {
        "" => format!("<{name} xmlns='{SASL}'/>"),
        text => format!("<{name} xmlns='{SASL}'>{text}</{name}>"),
    };
    out.extend_from_slice(element.as_bytes());
}

fn refuse(denied: &Denied, out: &mut Vec<u8>) {
    let head = format!("<failure xmlns='{SASL}'><{}/>", denied.condition);
    out.extend_from_slice(head.as_bytes());
    if let Some(text) = denied.text {
        out.extend_from_slice(b"<text xml:lang='en'>");
        write::escape(text, false, out);
        out.extend_from_slice(b"</text>");
    }
    out.extend_from_slice(b"</failure>");
}
