//! User information (XEP-0054 vcard-temp): a set is a publish, the get of another one's a query task. Hidden, deleted, never
//! published and no such user look the same.

use minidom::Element;
use spillway_traces::RequestId;

use super::{ConnectionId, Deed, Desk, client};
use crate::config::Class;
use crate::live::front::error::{ErrorType, iq_error, iq_result, stanza_error};
use crate::live::front::get::{Form, Get};
use crate::live::front::names::attribute;
use crate::live::front::write;
use crate::live::host::Outcome;
use crate::live::metrics;
use crate::node::{Change, Refused};
use crate::nodes::query::BUSY_RETRY_AFTER_US;
use crate::profile::{Profile, Rule};

/// The namespace of vcard-temp.
pub(super) const VCARD: &str = "vcard-temp";
/// With whom a user shares: `<sharing xmlns='urn:spillway:sharing' with='everyone|contacts|nobody'/>`.
pub(super) const SHARING: &str = "urn:spillway:sharing";
/// When to ask again: `<retry xmlns='urn:spillway:retry' after-ms='100'/>` in an error.
const RETRY: &str = "urn:spillway:retry";
/// The field of a profile that holds the whole card.
const CARD: &str = "vcard-temp";
/// Bytes of an answer beside its card, about.
const ANSWER_BYTES: usize = 160;
/// A client with more gets under way is fetching many, and nobody waits for each.
const GETS_INTERACTIVE_MAX: usize = 16;

/// What was asked of the nodes, and for which stanza.
pub(super) struct Asked {
    pub(super) id: ConnectionId,
    request: Request,
    kind: Kind,
    asked_us: u64,
}

/// The stanza that something was asked for.
enum Request {
    Stanza(Element),
    Get(Get),
}

impl Request {
    fn stanza(self, from: &str) -> Element {
        match self {
            Request::Stanza(stanza) => stanza,
            Request::Get(get) => get.stanza(from),
        }
    }

    fn attribute(&self, name: &'static str) -> Option<&str> {
        match (self, name) {
            (Request::Stanza(stanza), name) => stanza.attr(name),
            (Request::Get(get), "id") => Some(&get.id),
            (Request::Get(get), "to") => Some(&get.to),
            (Request::Get(_), _) => None,
        }
    }
}

/// What was asked of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Get(Class),
    Search,
    Change,
}

impl Kind {
    /// As what it is counted.
    fn counted(self) -> metrics::Kind {
        match self {
            Kind::Get(class) => metrics::Kind::Get(class),
            Kind::Search => metrics::Kind::Get(Class::Normal),
            Kind::Change => metrics::Kind::Change,
        }
    }
}

impl Desk {
    /// A get of a card, of whatever a client says the most frequent by far.
    pub fn get(&mut self, id: ConnectionId, get: Get, now_us: u64) {
        self.now_us = now_us;
        let Some(session) = self.sessions.get(&id) else { return };
        let is_held = session.changes > 0 || self.host.is_joining(session.user);
        match self.other(&session.account, &get.to).filter(|_| !is_held) {
            Some(other) => self.ask_card(id, other, Request::Get(get)),
            None => self.stanza(id, get.stanza(&session.jid), now_us),
        }
    }

    /// The user who has this address, if it is not one's own, and is written as it is kept.
    fn other(&self, own: &str, to: &str) -> Option<u16> {
        let (account, domain) = to.split_once('@')?;
        (domain == self.domain && account != own).then(|| self.directory.number(account))?
    }

    /// Gets of a client that are under way.
    pub fn gets(&self, id: ConnectionId) -> usize {
        self.sessions.get(&id).map_or(0, |session| session.gets)
    }

    /// Answers a get for which there is no time. There may be very many.
    pub fn refuse_get(
        &mut self,
        to_client: &[u8],
        get: &Form<'_>,
        class: Class,
        out: &mut Vec<u8>,
    ) {
        self.host.metrics.refused(metrics::Kind::Get(class));
        out.extend_from_slice(b"<iq type='error' id='");
        match get {
            Form::Plain(get) => {
                out.extend_from_slice(get.id);
                out.extend_from_slice(to_client);
                out.extend_from_slice(get.to);
            }
            Form::Other(get) => {
                write::escape(&get.id, true, out);
                out.extend_from_slice(to_client);
                write::escape(&get.to, true, out);
            }
        }
        out.extend_from_slice(&self.no_time);
    }

    /// A get or a set of a card.
    pub(super) fn vcard(
        &mut self,
        id: ConnectionId,
        stanza: Element,
        card: Element,
        about: String,
        is_set: bool,
    ) {
        let session = &self.sessions[&id];
        let user = session.user;
        if is_set {
            return match about == session.account {
                true => {
                    self.change(id, stanza, Change::Publish(profile(&card)));
                }
                false => self.refuse(id, &stanza, ErrorType::Auth, "forbidden"),
            };
        }
        if about == session.account {
            // Its own changes are all acknowledged by now, so this is what a query would find.
            let card = self.host.record(user).and_then(|record| record.info.as_ref());
            let card = card.and_then(|info| text(&info.profile)?.parse().ok());
            let card = card.unwrap_or_else(|| Element::bare("vCard", VCARD));
            return self.deeds.push(Deed::Send(id, iq_result(&stanza, Some(card))));
        }
        let Some(other) = self.directory.number(&about) else {
            return self.refuse(id, &stanza, ErrorType::Cancel, "item-not-found");
        };
        self.ask_card(id, other, Request::Stanza(stanza));
    }

    /// Asks the nodes for a card.
    fn ask_card(&mut self, id: ConnectionId, other: u16, stanza: Request) {
        let session = self.sessions.get_mut(&id).expect("a session asks");
        session.gets += 1;
        let class = class(session.gets);
        let request = self.host.query(session.user, other, class, self.now_us);
        let (kind, asked_us) = (Kind::Get(class), self.now_us);
        self.asked.insert(request, Asked { id, request: stanza, kind, asked_us });
    }

    /// Asks or says with whom a user shares.
    pub(super) fn sharing(
        &mut self,
        id: ConnectionId,
        stanza: Element,
        said: &Element,
        is_set: bool,
    ) {
        let user = self.sessions[&id].user;
        if !is_set {
            let rule = self.host.record(user).map_or(Rule::Contacts, |record| record.rule);
            let mut answer = Element::bare("sharing", SHARING);
            super::set(&mut answer, "with", name(rule));
            return self.deeds.push(Deed::Send(id, iq_result(&stanza, Some(answer))));
        }
        let rules = [Rule::Everyone, Rule::Contacts, Rule::Nobody];
        match rules.into_iter().find(|rule| said.attr("with") == Some(name(*rule))) {
            Some(rule) => {
                self.change(id, stanza, Change::Share(rule));
            }
            None => self.refuse(id, &stanza, ErrorType::Modify, "bad-request"),
        }
    }

    /// Changes the user's own record, and holds what the client says next until that is stored.
    pub(super) fn change(
        &mut self,
        id: ConnectionId,
        stanza: Element,
        change: Change,
    ) -> RequestId {
        let session = self.sessions.get_mut(&id).expect("a session asks");
        session.changes += 1;
        let request = self.host.publish(session.user, change, self.now_us);
        self.expect(request, id, stanza, Kind::Change);
        request
    }

    /// The nodes are to reply to this request, which a stanza was for.
    pub(super) fn expect(
        &mut self,
        request: RequestId,
        id: ConnectionId,
        stanza: Element,
        kind: Kind,
    ) {
        let (request_of, asked_us) = (Request::Stanza(stanza), self.now_us);
        self.asked.insert(request, Asked { id, request: request_of, kind, asked_us });
    }

    /// Nothing is expected any more of this request.
    pub(super) fn forget(&mut self, request: RequestId) -> Option<Asked> {
        let asked = self.asked.remove(&request)?;
        self.searches -= usize::from(asked.kind == Kind::Search);
        Some(asked)
    }

    /// The nodes have a reply.
    pub(super) fn came(&mut self, outcome: Outcome) {
        if let Some(allowed) = self.allowed.remove(&outcome.request) {
            self.say_allowed(&allowed);
        }
        if let Some(user) = self.away.remove(&outcome.request) {
            return self.detach_if_away(user);
        }
        let Some(asked) = self.forget(outcome.request) else { return };
        let Asked { id, request, kind, asked_us } = asked;
        match outcome.reply.is_ok() {
            true => self.host.metrics.answered(kind.counted(), asked_us, self.now_us),
            false => self.host.metrics.refused(kind.counted()),
        }
        let Some(session) = self.sessions.get(&id) else { return };
        if let (Kind::Get(_), Ok(shown)) = (kind, &outcome.reply)
            && let Some(card) = shown.info.as_ref().and_then(|info| text(&info.profile))
        {
            self.deeds.push(Deed::SendBytes(id, with_card(&request, &session.jid, card)));
            return self.settled(id, kind);
        }
        let request = request.stanza(&session.jid);
        let answer = match outcome.reply {
            Ok(_) if kind == Kind::Change => iq_result(&request, None),
            Ok(shown) if kind == Kind::Search => self.found(&request, &shown),
            Ok(_) => iq_error(&request, ErrorType::Cancel, "item-not-found", None),
            Err(refused) => busy(&request, refused),
        };
        // A change of contacts has no stanza of its own.
        if request.name() == "iq" {
            self.deeds.push(Deed::Send(id, answer));
        }
        self.settled(id, kind);
    }

    /// A request is no longer under way.
    fn settled(&mut self, id: ConnectionId, kind: Kind) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match kind {
            Kind::Get(_) => session.gets -= 1,
            Kind::Search => session.searches -= 1,
            Kind::Change => session.changes -= 1,
        }
        self.go_on(id);
    }

    /// What was held, until the next change.
    pub(super) fn go_on(&mut self, id: ConnectionId) {
        while let Some(session) = self.sessions.get_mut(&id) {
            if session.changes > 0 || self.host.is_joining(session.user) {
                return;
            }
            let Some(stanza) = session.held.pop_front() else { return };
            self.heed(id, stanza);
        }
    }
}

/// The class of a get, if that many of the client are under way with it.
pub fn class(gets: usize) -> Class {
    if gets > GETS_INTERACTIVE_MAX { Class::Bulk } else { Class::Interactive }
}

/// The answer with a card, whose text is put in as it is: it was written from XML that had been read.
fn with_card(request: &Request, jid: &str, card: &str) -> Vec<u8> {
    let mut answer = Vec::with_capacity(card.len() + ANSWER_BYTES);
    let [id, from] = [request.attribute("id"), request.attribute("to")];
    head("result", [("id", id), ("to", Some(jid)), ("from", from)], &mut answer);
    answer.extend_from_slice(card.as_bytes());
    answer.extend_from_slice(b"</iq>");
    answer
}

/// Writes the head of an answer.
fn head(kind: &str, attributes: [(&str, Option<&str>); 3], out: &mut Vec<u8>) {
    out.extend_from_slice(b"<iq");
    for (name, value) in [("type", Some(kind))].into_iter().chain(attributes) {
        let Some(value) = value else { continue };
        for part in [" ", name, "='"] {
            out.extend_from_slice(part.as_bytes());
        }
        write::escape(value, true, out);
        out.push(b'\'');
    }
    out.push(b'>');
}

/// What every get is told for which there is no time, written once and without the words for people, which are a third of it: it
/// has to cost little.
pub(super) fn no_time() -> Vec<u8> {
    let answer = try_again(&client("iq"), BUSY_RETRY_AFTER_US, None);
    let mut error = b"'>".to_vec();
    answer.children().for_each(|child| write::stanza(child, &mut error));
    error.extend_from_slice(b"</iq>");
    error
}

/// The system has no room: said in so many words, with a time after which to ask again.
pub(super) fn busy(request: &Element, refused: Refused) -> Element {
    let (after_us, text) = match refused {
        Refused::Busy { retry_after_us } => (retry_after_us, "too much is asked at the moment"),
        Refused::NotAsked => (100_000, "too much is under way, or it is too large"),
    };
    try_again(request, after_us, Some(text))
}

fn try_again(request: &Element, after_us: u64, text: Option<&str>) -> Element {
    let mut answer = iq_result(request, None);
    super::set(&mut answer, "type", "error");
    let mut error = stanza_error(ErrorType::Wait, "resource-constraint", text);
    let after_ms = after_us.div_ceil(1000).to_string();
    error.append_child(
        Element::builder("retry", RETRY).attr(attribute("after-ms"), after_ms).build(),
    );
    answer.append_child(error);
    answer
}

/// A card as the nodes carry it: the whole of it as text, and what it can be searched for.
fn profile(card: &Element) -> Profile {
    let mut text = Vec::new();
    let mut profile = Profile::default();
    if card.write_to(&mut text).is_ok()
        && let Ok(text) = String::from_utf8(text)
    {
        profile.fields.insert(CARD.to_owned(), text);
        super::search::note_fields(card, &mut profile);
    }
    profile
}

/// The text of a card.
fn text(profile: &Profile) -> Option<&str> {
    profile.fields.get(CARD).map(String::as_str)
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Everyone => "everyone",
        Rule::Contacts => "contacts",
        Rule::Nobody => "nobody",
    }
}
