//! The negotiation of RFC 6120 as a state machine: what one client's bytes mean, from the first
//! head to the last stanza, and what is answered.
//!
//! A stream is in one of these phases:
//!
//! ```text
//! Opening --head--> Secure --starttls--> Handshake --secured()--> Opening
//! Opening --head--> Login --success--> Opening
//! Opening --head--> Bind --bind--> Bound
//! any --error, </stream:stream> or close()--> Closed
//! ```
//!
//! Which phase follows a head depends on what has been reached, not on what the client asks for.

use std::sync::Arc;

use minidom::Element;
use rxml::Namespace;

use super::bind::{self, Request};
use super::error::{StreamError, iq_result};
use super::get::{Form, Get, Plain};
use super::login::{Login, MECHANISMS, Outcome};
use super::names::{BIND, CLIENT, SASL, SESSION, STREAMS, TLS, XML, attribute};
use super::prep;
use super::sasl::{Accounts, Realm};
use super::token::{self, Random};
use super::write;
use super::xml::{Item, Limits, Opened, Reader};

/// A longer name of a language is none (RFC 5646 §4.4.1); it goes out with each stanza.
const LANG_BYTES_MAX: usize = 35;

/// How a connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// It begins in plaintext; STARTTLS is offered, and required before anything else.
    Required,
    /// It is under TLS before its first byte.
    Direct,
    /// It stays in plaintext. Passwords cross it as they are: for loopback only.
    None,
}

/// What is the same for all streams of a server.
#[derive(Clone)]
pub struct Policy {
    /// The server's domain, in the form that [`prep::domainpart`] gives.
    pub domain: String,
    /// How the connections are secured.
    pub tls: Tls,
    /// What the salts of accounts that do not exist are derived from; see [`Realm::secret`].
    pub secret: [u8; 32],
}

/// What the caller has to know or do.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// `<proceed/>` was put into `out`: the caller begins the TLS handshake, then calls
    /// [`Stream::secured`].
    StartTls,
    /// Log-in is over and a resource is bound. If another stream has the same resource, it is the
    /// caller who closes one of them (with `conflict`).
    Bound {
        /// The account's name in its one form.
        account: String,
        /// The resource.
        resource: String,
    },
    /// A stanza of the bound client: an `iq`, `message` or `presence` of `jabber:client`. Its
    /// `from` is the client's full JID; nothing else of it has been checked.
    Stanza(Element),
    /// A get of somebody's card, of the bound client: a stanza as well.
    Get(Get),
    /// An attempt to log in failed.
    LoginFailed {
        /// The account that was claimed, if the attempt came so far and it can be a name.
        account: Option<String>,
    },
    /// The stream is over: flush `out` and close the connection. It comes once, and not after
    /// [`Stream::close`].
    Closed,
}

enum Phase {
    Opening,
    Secure,
    Handshake,
    Login,
    Bind,
    Bound,
    Closed,
}

/// One client's stream.
pub struct Stream {
    policy: Arc<Policy>,
    /// The id of the next head. Each is drawn when its stream begins, so that an error can come
    /// before the client's head.
    id: String,
    reader: Reader,
    phase: Phase,
    secure: bool,
    /// Whether our head of the stream that is being read was sent.
    headed: bool,
    login: Login,
    account: Option<String>,
    resource: Option<String>,
    jid: String,
    /// The attribute that says that a stanza is for that address, from the end of the one before to the value of the one behind.
    to_client: Vec<u8>,
    /// The language of what the client says, if it has said so and it is one.
    lang: Option<String>,
}

/// What the caller lends for the time of one call.
struct Lent<'a> {
    accounts: &'a dyn Accounts,
    random: &'a mut Random<'a>,
    out: &'a mut Vec<u8>,
    sink: &'a mut dyn Sink,
}

/// Where what a stream finds out goes, in order.
pub trait Sink {
    /// Something that the caller has to know.
    fn event(&mut self, event: Event);

    /// A get. What is to be sent at once goes into `out`; between its id and whom it is from it has these bytes.
    fn get(&mut self, get: Form<'_>, _to_client: &[u8], _out: &mut Vec<u8>) {
        self.event(Event::Get(get.get()));
    }
}

impl Sink for Vec<Event> {
    fn event(&mut self, event: Event) {
        self.push(event);
    }
}

impl Stream {
    /// A stream of which nothing has been read. `id` is the first stream id: unguessable, unique.
    pub fn new(policy: Arc<Policy>, id: String) -> Self {
        let secure = policy.tls == Tls::Direct;
        Self {
            policy,
            id,
            reader: Reader::new(Limits::BEFORE_LOGIN),
            phase: Phase::Opening,
            secure,
            headed: false,
            login: Login::default(),
            account: None,
            resource: None,
            jid: String::new(),
            to_client: Vec::new(),
            lang: None,
        }
    }

    /// Takes what has arrived, all of it; puts into `out` what is to be sent and into `sink` what
    /// the caller has to know, both in order.
    ///
    /// Between [`Event::StartTls`] and [`Stream::secured`] the bytes of the connection are those of
    /// TLS and not for this function: it drops what it gets. The same after the end of the stream.
    pub fn receive(
        &mut self,
        bytes: &[u8],
        accounts: &dyn Accounts,
        random: &mut Random<'_>,
        out: &mut Vec<u8>,
        sink: &mut dyn Sink,
    ) {
        let mut lent = Lent { accounts, random, out, sink };
        let mut bytes = bytes;
        while !matches!(self.phase, Phase::Handshake | Phase::Closed) {
            if let Some(get) = self.skim(&mut bytes) {
                lent.sink.get(Form::Plain(get), &self.to_client, lent.out);
                continue;
            }
            let done = match self.reader.next(&mut bytes) {
                Ok(None) => break,
                Ok(Some(item)) => self.item(item, bytes, &mut lent),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                self.close(Some((error.condition, error.text)), lent.out);
                lent.sink.event(Event::Closed);
            }
        }
    }

    fn skim<'a>(&self, bytes: &mut &'a [u8]) -> Option<Plain<'a>> {
        let may = matches!(self.phase, Phase::Bound) && self.reader.is_between_stanzas();
        if may { Plain::skim(bytes) } else { None }
    }

    /// The TLS handshake is over: the client begins a new stream under it.
    pub fn secured(&mut self) {
        if matches!(self.phase, Phase::Handshake) {
            self.secure = true;
            self.restart(Limits::BEFORE_LOGIN);
        }
    }

    /// Puts a stanza, or another first-level element, for the client into `out`.
    ///
    /// The bytes are those of [`write::stanza`]: for one stanza to many clients, call that once.
    pub fn send(&mut self, element: &Element, out: &mut Vec<u8>) {
        if self.headed && !self.is_closed() {
            write::stanza(element, out);
        }
    }

    /// Ends the stream from our side, with an error (condition and text) or without. The caller
    /// flushes `out` and closes the connection. Does nothing to a stream that is over.
    pub fn close(&mut self, error: Option<(&str, &str)>, out: &mut Vec<u8>) {
        if self.is_closed() {
            return;
        }
        // In the handshake the connection belongs to TLS: not a byte of ours may go there.
        if !matches!(self.phase, Phase::Handshake) {
            // RFC 6120 §4.9.1.2: the error of a stream comes after its head, even if that never came.
            if !self.headed {
                self.head(None, out);
            }
            match error {
                Some((condition, text)) => write::stream_error(condition, text, out),
                None => out.extend_from_slice(b"</stream:stream>"),
            }
        }
        self.phase = Phase::Closed;
        self.reader = Reader::new(Limits::BEFORE_LOGIN);
    }

    /// Whether the stream is over.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// The client's full JID, once a resource is bound.
    pub fn jid(&self) -> Option<&str> {
        self.resource.is_some().then_some(self.jid.as_str())
    }

    fn item(&mut self, item: Item, rest: &[u8], lent: &mut Lent<'_>) -> Result<(), StreamError> {
        match item {
            Item::Opened(head) => self.opened(&head, lent),
            Item::Closed => {
                self.close(None, lent.out);
                lent.sink.event(Event::Closed);
                Ok(())
            }
            Item::Stanza(element) => self.element(element, rest, lent),
        }
    }

    fn opened(&mut self, head: &Opened, lent: &mut Lent<'_>) -> Result<(), StreamError> {
        self.head(head.from.as_deref(), lent.out);
        let lang = head.lang.as_deref().filter(|lang| lang.len() <= LANG_BYTES_MAX);
        self.lang = lang.filter(|lang| !lang.is_empty()).map(str::to_owned);
        if !head.version.as_deref().is_some_and(speaks_xmpp) {
            return Err(StreamError::new("unsupported-version", "only XMPP 1.0 is spoken here"));
        }
        if head.to.as_deref().is_some_and(|to| !self.is_our_domain(to)) {
            return Err(StreamError::new("host-unknown", "this server has another domain"));
        }
        self.phase = if self.account.is_some() {
            Phase::Bind
        } else if self.policy.tls == Tls::Required && !self.secure {
            Phase::Secure
        } else {
            Phase::Login
        };
        self.features(lent.out);
        Ok(())
    }

    fn head(&mut self, from: Option<&str>, out: &mut Vec<u8>) {
        let head = format!(
            "<?xml version='1.0'?><stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAMS}' \
             version='1.0' xml:lang='en'"
        );
        out.extend_from_slice(head.as_bytes());
        // RFC 6120 §4.7.2: whoever says who it is gets told that it was heard, without the resource.
        let to = from.map(|from| from.split('/').next().unwrap_or(from));
        let told = [("id", Some(&*self.id)), ("from", Some(&*self.policy.domain)), ("to", to)];
        for (name, value) in told {
            let Some(value) = value else { continue };
            out.extend_from_slice(format!(" {name}='").as_bytes());
            write::escape(value, true, out);
            out.push(b'\'');
        }
        out.push(b'>');
        self.headed = true;
    }

    fn features(&self, out: &mut Vec<u8>) {
        let features = match self.phase {
            Phase::Secure => format!("<starttls xmlns='{TLS}'><required/></starttls>"),
            Phase::Login => {
                let listed = MECHANISMS.map(|m| format!("<mechanism>{m}</mechanism>")).concat();
                format!("<mechanisms xmlns='{SASL}'>{listed}</mechanisms>")
            }
            // RFC 3921's session does nothing, so it says that it may be left out.
            _ => format!("<bind xmlns='{BIND}'/><session xmlns='{SESSION}'><optional/></session>"),
        };
        let features = format!("<stream:features>{features}</stream:features>");
        out.extend_from_slice(features.as_bytes());
    }

    fn element(
        &mut self,
        element: Element,
        rest: &[u8],
        lent: &mut Lent<'_>,
    ) -> Result<(), StreamError> {
        if element.is("error", STREAMS) {
            // The client has given up; it is told no more than that it was heard.
            self.close(None, lent.out);
            lent.sink.event(Event::Closed);
            return Ok(());
        }
        match self.phase {
            Phase::Bound => self.stanza(element, lent),
            Phase::Bind => self.before_binding(&element, lent),
            _ if is_stanza(&element) => Err(NOT_LOGGED_IN),
            _ if element.has_ns(SASL) => self.sasl(&element, lent),
            _ if element.is("starttls", TLS) => self.start_tls(rest, lent),
            _ => Err(UNSUPPORTED),
        }
    }

    fn start_tls(&mut self, rest: &[u8], lent: &mut Lent<'_>) -> Result<(), StreamError> {
        // What follows in plaintext could be anybody's, put there to be read as if it had come
        // under TLS. An honest client waits for `proceed`.
        let pure = rest.iter().all(u8::is_ascii_whitespace);
        if matches!(self.phase, Phase::Secure) && pure {
            lent.out.extend_from_slice(format!("<proceed xmlns='{TLS}'/>").as_bytes());
            lent.sink.event(Event::StartTls);
            self.id = token::fresh(lent.random);
            self.phase = Phase::Handshake;
            return Ok(());
        }
        lent.out.extend_from_slice(format!("<failure xmlns='{TLS}'/>").as_bytes());
        self.close(None, lent.out);
        lent.sink.event(Event::Closed);
        Ok(())
    }

    fn sasl(&mut self, element: &Element, lent: &mut Lent<'_>) -> Result<(), StreamError> {
        let policy = Arc::clone(&self.policy);
        let realm =
            Realm { domain: &policy.domain, secret: &policy.secret, accounts: lent.accounts };
        let outcome = match self.phase {
            Phase::Secure => Some(self.login.refuse_in_plaintext(lent.out)),
            _ => self.login.handle(element, &realm, lent.random, lent.out),
        };
        match outcome.ok_or(UNSUPPORTED)? {
            Outcome::Continues => Ok(()),
            Outcome::Done { account } => {
                self.account = Some(account);
                self.id = token::fresh(lent.random);
                self.restart(Limits::AFTER_LOGIN);
                Ok(())
            }
            Outcome::Failed { account } => {
                lent.sink.event(Event::LoginFailed { account });
                match self.login.exhausted() {
                    true => Err(StreamError::policy("too many attempts to log in failed")),
                    false => Ok(()),
                }
            }
        }
    }

    /// The client begins a new stream on the same connection, with whatever byte comes next.
    fn restart(&mut self, limits: Limits) {
        self.reader = Reader::new(limits);
        self.phase = Phase::Opening;
        self.headed = false;
    }

    fn before_binding(
        &mut self,
        element: &Element,
        lent: &mut Lent<'_>,
    ) -> Result<(), StreamError> {
        if !is_stanza(element) {
            return Err(UNSUPPORTED);
        }
        if element.attr("from").is_some_and(|from| !self.is_own(from)) {
            return Err(FORGED);
        }
        // RFC 6120 §7.1: a stanza to anybody but the server or the own account ends the stream.
        if element.name() != "iq" || !self.is_own_or_server(element.attr("to")) {
            return Err(StreamError::new("not-authorized", "bind a resource first"));
        }
        if let Some(Request::Bind(wanted)) = bind::request(element) {
            self.bind(element, wanted.as_deref(), lent);
            return Ok(());
        }
        // An answer must not be answered.
        if matches!(element.attr("type"), Some("get" | "set")) {
            write::stanza(&bind::bind_first(element), lent.out);
        }
        Ok(())
    }

    fn bind(&mut self, iq: &Element, wanted: Option<&str>, lent: &mut Lent<'_>) {
        let Some(account) = self.account.clone() else { return };
        let Some(resource) = bind::resource(wanted, lent.random) else {
            write::stanza(&bind::bad_resource(iq), lent.out);
            return;
        };
        self.jid = format!("{account}@{}/{resource}", self.policy.domain);
        self.to_client = b"' to='".to_vec();
        write::escape(&self.jid, true, &mut self.to_client);
        self.to_client.extend_from_slice(b"' from='");
        write::stanza(&bind::bound(iq, &self.jid), lent.out);
        self.resource = Some(resource.clone());
        self.phase = Phase::Bound;
        lent.sink.event(Event::Bound { account, resource });
    }

    fn stanza(&mut self, mut stanza: Element, lent: &mut Lent<'_>) -> Result<(), StreamError> {
        if !is_stanza(&stanza) {
            return Err(UNSUPPORTED);
        }
        if stanza.attr("from").is_some_and(|from| !self.is_own(from)) {
            return Err(FORGED);
        }
        stanza.set_attr(Namespace::NONE, attribute("from"), self.jid.as_str());
        // RFC 6120 §8.1.5: others do not see the head that says it.
        if let Some(lang) = &self.lang
            && stanza.attr_ns(XML, "lang").is_none()
        {
            stanza.set_attr(Namespace::XML, attribute("lang"), lang.as_str());
        }
        match bind::request(&stanza).filter(|_| self.is_own_or_server(stanza.attr("to"))) {
            Some(Request::Bind(_)) => write::stanza(&bind::bound_already(&stanza), lent.out),
            Some(Request::Session) => write::stanza(&iq_result(&stanza, None), lent.out),
            None => match Get::of(&stanza) {
                Some(get) => lent.sink.get(Form::Other(get), &self.to_client, lent.out),
                None => lent.sink.event(Event::Stanza(stanza)),
            },
        }
        Ok(())
    }

    fn is_our_domain(&self, name: &str) -> bool {
        name == self.policy.domain
            || prep::domainpart(name).is_some_and(|n| n == self.policy.domain)
    }

    /// Whether a stanza with this `to` is for the server or for the client's own account.
    fn is_own_or_server(&self, to: Option<&str>) -> bool {
        to.is_none_or(|to| self.is_our_domain(to) || (!to.contains('/') && self.is_own(to)))
    }

    /// Whether this is the client's own JID, bare or full, in any spelling.
    fn is_own(&self, jid: &str) -> bool {
        if self.resource.is_some() && jid == self.jid {
            return true;
        }
        let (bare, resource) = match jid.split_once('/') {
            Some((bare, resource)) => (bare, Some(resource)),
            None => (jid, None),
        };
        let Some((local, domain)) = bare.split_once('@') else { return false };
        prep::localpart(local) == self.account
            && self.account.is_some()
            && self.is_our_domain(domain)
            && resource
                .is_none_or(|r| self.resource.is_some() && prep::resourcepart(r) == self.resource)
    }
}

const NOT_LOGGED_IN: StreamError = StreamError::new("not-authorized", "log in first");
const FORGED: StreamError = StreamError::new("invalid-from", "a stanza is from somebody else");
const UNSUPPORTED: StreamError =
    StreamError::new("unsupported-stanza-type", "this element is not understood here");

fn is_stanza(element: &Element) -> bool {
    element.has_ns(CLIENT) && matches!(element.name(), "iq" | "message" | "presence")
}

/// Whether a version's major number is at least 1 (RFC 6120 §4.7.5: what is later than ours
/// falls back to ours).
fn speaks_xmpp(version: &str) -> bool {
    let major = version.split('.').next().unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major >= 1)
}
