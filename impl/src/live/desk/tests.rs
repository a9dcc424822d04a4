//! Users talk to the desk as their streams would, with a disk that syncs when it is told to.

mod search;

use minidom::Element;

use super::*;
use crate::config::Class;
use crate::live::front::get::{Form, Get, Plain};
use crate::live::host::Crew;
use crate::live::open::configuration;
use crate::node::Refused;

const DOMAIN: &str = "localhost";

/// A desk whose users are numbered by their places, and what it has sent to whom.
struct Office {
    desk: Desk,
    sent: BTreeMap<ConnectionId, Vec<Element>>,
    closed: Vec<(ConnectionId, &'static str)>,
    now_us: u64,
}

impl Office {
    fn new(users: &[&str], threshold: u32) -> Office {
        let numbers = users.iter().map(|name| (*name).to_owned()).zip(0..);
        let config = configuration(3, threshold);
        let crew = Crew::whole(&config, Vec::new(), 0);
        let host = Host::new(config, &crew, 7, false).expect("an empty file is whole");
        let desk = Desk::new(DOMAIN, host, Directory::new(numbers), []).expect("no roster is bad");
        Office { desk, sent: BTreeMap::new(), closed: Vec::new(), now_us: 0 }
    }

    fn bind(&mut self, id: ConnectionId, account: &str) {
        assert!(self.desk.bound(id, account, "r", self.now_us));
        self.work();
    }

    /// Says something, and lets all come of it that does; the disk syncs at once.
    fn say(&mut self, id: ConnectionId, stanza: &str) {
        self.say_only(id, stanza);
        self.work();
    }

    fn say_only(&mut self, id: ConnectionId, stanza: &str) {
        let stanza = stanza.replacen(' ', " xmlns='jabber:client' ", 1);
        let stanza = stanza.parse().expect("it is XML");
        match Get::of(&stanza) {
            Some(get) => self.desk.get(id, get, self.now_us),
            None => self.desk.stanza(id, stanza, self.now_us),
        }
    }

    fn work(&mut self) {
        while self.step() {
            if self.desk.host.take_store().is_some() {
                self.desk.host.stored_done(true, self.now_us);
            }
        }
    }

    /// Lets the nodes work; the disk does not answer.
    fn step(&mut self) -> bool {
        self.now_us += 1_000;
        let more = self.desk.run(self.now_us) | self.desk.answer(self.now_us);
        let deeds = self.desk.take_deeds();
        let any = !deeds.is_empty();
        for deed in deeds {
            match deed {
                Deed::Send(id, stanza) => self.sent.entry(id).or_default().push(stanza),
                Deed::SendBytes(id, bytes) => {
                    let text = String::from_utf8(bytes).expect("it is text");
                    let stanza = text.replacen(' ', " xmlns='jabber:client' ", 1);
                    let stanza = stanza.parse().expect("it is XML");
                    self.sent.entry(id).or_default().push(stanza);
                }
                Deed::Close(id, condition) => self.closed.push((id, condition)),
                Deed::Elsewhere { .. } => unreachable!("everybody is here"),
                Deed::SaveRoster { then, .. } => {
                    for (id, stanza) in then {
                        self.sent.entry(id).or_default().push(stanza);
                    }
                }
            }
        }
        more || any || !self.desk.host.is_idle()
    }

    /// What was sent to a connection since the last time.
    fn heard(&mut self, id: ConnectionId) -> Vec<Element> {
        self.sent.remove(&id).unwrap_or_default()
    }

    /// The one answer to a request.
    fn answer(&mut self, id: ConnectionId, request: &str) -> Element {
        self.say(id, request);
        let mut heard = self.heard(id);
        heard.retain(|stanza| stanza.name() == "iq");
        assert_eq!(heard.len(), 1, "one answer to {request}: {heard:?}");
        heard.remove(0)
    }
}

fn condition(answer: &Element) -> String {
    let error = answer.children().find(|child| child.name() == "error").expect("it is an error");
    error.children().next().expect("it has a condition").name().to_owned()
}

fn name_on(answer: &Element) -> Option<String> {
    let card = answer.children().find(|child| child.name() == "vCard")?;
    card.children().find(|child| child.name() == "FN").map(Element::text)
}

const SET: &str = "<iq type='set' id='s'><vCard xmlns='vcard-temp'><FN>Alice</FN></vCard></iq>";
const GET_ALICE: &str =
    "<iq type='get' id='g' to='alice@localhost'><vCard xmlns='vcard-temp'/></iq>";
const SHARE: &str =
    "<iq type='set' id='w'><sharing xmlns='urn:spillway:sharing' with='everyone'/></iq>";

#[test]
fn what_is_published_is_seen_by_those_it_is_shared_with() {
    let mut office = Office::new(&["alice", "bob"], 8);
    office.bind(1, "alice");
    office.bind(2, "bob");
    assert_eq!(condition(&office.answer(2, GET_ALICE)), "item-not-found", "there is none");
    assert_eq!(office.answer(1, SET).attr("type"), Some("result"));
    assert_eq!(name_on(&office.answer(1, GET_ALICE)).as_deref(), Some("Alice"), "her own");
    let hidden = office.answer(2, GET_ALICE);
    let absent = office.answer(2, &GET_ALICE.replace("alice", "nobody"));
    assert_eq!(condition(&hidden), "item-not-found", "contacts only");
    let alike = |answer: &Element| answer.children().cloned().collect::<Vec<_>>();
    assert_eq!(alike(&hidden), alike(&absent), "hidden looks the same as absent");
    assert_eq!(office.answer(1, SHARE).attr("type"), Some("result"));
    assert_eq!(name_on(&office.answer(2, GET_ALICE)).as_deref(), Some("Alice"));
}

#[test]
fn contacts_see_what_is_shared_with_contacts() {
    let mut office = Office::new(&["alice", "bob"], 8);
    office.bind(1, "alice");
    office.bind(2, "bob");
    office.say(1, "<presence />");
    office.say(2, "<presence />");
    office.say(1, SET);
    office.say(2, "<presence to='alice@localhost' type='subscribe'/>");
    let asked = office.heard(1);
    assert!(asked.iter().any(|stanza| stanza.attr("type") == Some("subscribe")), "{asked:?}");
    assert_eq!(condition(&office.answer(2, GET_ALICE)), "item-not-found", "not yet");
    office.say(1, "<presence to='bob@localhost' type='subscribed'/>");
    let told = office.heard(2);
    assert!(told.iter().any(|stanza| stanza.attr("type") == Some("subscribed")), "{told:?}");
    assert!(
        told.iter().any(|stanza| stanza.name() == "presence" && stanza.attr("type").is_none()),
        "she is there: {told:?}"
    );
    assert_eq!(name_on(&office.answer(2, GET_ALICE)).as_deref(), Some("Alice"));
    office.say(1, "<presence to='bob@localhost' type='unsubscribed'/>");
    office.heard(2);
    assert_eq!(condition(&office.answer(2, GET_ALICE)), "item-not-found", "not any more");
}

#[test]
fn nothing_is_acknowledged_before_it_is_synced() {
    let mut office = Office::new(&["alice", "bob"], 8);
    office.bind(1, "alice");
    office.bind(2, "bob");
    office.say(1, SHARE);
    office.heard(1);
    office.say_only(1, SET);
    while office.desk.run(office.now_us) | office.desk.answer(office.now_us) {}
    for _ in 0..100 {
        office.step();
    }
    assert_eq!(office.heard(1), [], "the disk has not answered");
    office.say_only(2, GET_ALICE);
    for _ in 0..100 {
        office.step();
    }
    assert_eq!(condition(&office.heard(2)[0]), "item-not-found", "nobody sees it either");
    assert!(office.desk.host.take_store().is_some(), "it was asked");
    office.desk.host.stored_done(true, office.now_us);
    office.work();
    assert_eq!(office.heard(1)[0].attr("id"), Some("s"));
    assert_eq!(name_on(&office.answer(2, GET_ALICE)).as_deref(), Some("Alice"));
}

#[test]
fn what_follows_a_change_sees_it() {
    let mut office = Office::new(&["alice"], 8);
    office.bind(1, "alice");
    office.say_only(1, SET);
    office.say_only(1, GET_ALICE);
    office.say_only(1, "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    office.work();
    let heard = office.heard(1);
    let ids: Vec<_> = heard.iter().map(|stanza| stanza.attr("id").unwrap_or_default()).collect();
    assert_eq!(ids, ["s", "g", "p"], "in order");
    assert_eq!(name_on(&heard[1]).as_deref(), Some("Alice"));
}

#[test]
fn too_much_is_refused_in_so_many_words_and_every_request_has_one_answer() {
    let mut office = Office::new(&["alice", "bob"], 2);
    office.bind(1, "alice");
    office.bind(2, "bob");
    office.say(1, SHARE);
    office.say(1, SET);
    const GETS: usize = 200;
    for at in 0..GETS {
        office.say_only(2, &GET_ALICE.replace("id='g'", &format!("id='{at}'")));
    }
    office.work();
    let heard = office.heard(2);
    assert_eq!(heard.len(), GETS, "each has one answer");
    let (answered, refused): (Vec<_>, Vec<_>) =
        heard.iter().partition(|stanza| stanza.attr("type") == Some("result"));
    assert!(!answered.is_empty() && !refused.is_empty(), "{} answered", answered.len());
    for stanza in refused {
        assert_eq!(condition(stanza), "resource-constraint");
        let error = stanza.children().next().expect("it has an error");
        assert_eq!(error.attr("type"), Some("wait"));
        let retry = error.children().find(|child| child.name() == "retry");
        assert!(retry.and_then(|retry| retry.attr("after-ms")).is_some(), "with a time");
    }
    assert_eq!(name_on(&office.answer(2, GET_ALICE)).as_deref(), Some("Alice"), "and all is well");
}

#[test]
fn a_get_without_time_is_told_the_same_as_one_without_room() {
    let mut office = Office::new(&["alice", "bob"], 8);
    office.bind(1, "alice");
    let mut refuse = |get: &Form<'_>| {
        let mut out = Vec::new();
        office.desk.refuse_get(b"' to='alice@localhost/r' from='", get, Class::Bulk, &mut out);
        out
    };
    let plain = Plain { id: b"7", to: b"bob@localhost" };
    assert_eq!(refuse(&Form::Plain(plain)), refuse(&Form::Other(plain.get())));
    let get = Get { id: "o'clock".to_owned(), to: "bob@localhost".to_owned() };
    let out = refuse(&Form::Other(get.clone()));
    let refused = Refused::Busy { retry_after_us: 100_000 };
    let mut expected = vcard::busy(&get.stanza("alice@localhost/r"), refused);
    let error = expected.children_mut().next().expect("it has an error");
    error
        .remove_child("text", "urn:ietf:params:xml:ns:xmpp-stanzas")
        .expect("and words for people");
    let text = String::from_utf8(out).expect("it is text");
    let text = text.replacen(' ', " xmlns='jabber:client' ", 1);
    assert_eq!(text.parse::<Element>().expect("it is XML"), expected);
    assert_eq!(office.desk.host.metrics.all_refused(), 3);
}

#[test]
fn messages_go_to_the_resource_that_wants_them_most() {
    let mut office = Office::new(&["alice", "bob"], 8);
    office.bind(1, "alice");
    assert!(office.desk.bound(2, "bob", "phone", 0) && office.desk.bound(3, "bob", "desk", 0));
    let message = "<message to='bob@localhost' id='m' type='chat'><body>hello</body></message>";
    office.say(1, message);
    assert_eq!(condition(&office.heard(1)[0]), "service-unavailable", "nobody is available");
    office.say(2, "<presence ><priority>5</priority></presence>");
    office.say(3, "<presence />");
    office.heard(2);
    office.heard(3);
    office.say(1, message);
    assert_eq!(office.heard(2).len(), 1);
    assert_eq!(office.heard(3), []);
    office.say(1, &message.replace("bob@localhost", "bob@localhost/desk"));
    let heard = office.heard(3);
    assert_eq!(heard[0].attr("from"), Some("alice@localhost/r"), "whom it is from the server says");
    assert_eq!(office.heard(2), []);
    // Who leaves is not asked any more.
    office.desk.closed(2, 0);
    office.work();
    office.heard(3);
    office.say(1, message);
    assert_eq!(office.heard(3).len(), 1);
}

#[test]
fn a_resource_that_comes_again_takes_the_place_of_the_old_one() {
    let mut office = Office::new(&["alice"], 8);
    office.bind(1, "alice");
    office.bind(2, "alice");
    assert_eq!(office.closed, [(1, "conflict")]);
    assert_eq!(office.answer(2, SET).attr("type"), Some("result"));
    // Versions go on from session to session.
    office.desk.closed(2, office.now_us);
    office.bind(3, "alice");
    assert_eq!(office.answer(3, &SET.replace("Alice", "Alicia")).attr("type"), Some("result"));
    assert_eq!(name_on(&office.answer(3, GET_ALICE)).as_deref(), Some("Alicia"));
}

#[test]
fn every_request_gets_an_answer() {
    let mut office = Office::new(&["alice", "bob"], 8);
    office.bind(1, "alice");
    for (request, expected) in [
        ("<iq type='get' id='a'><x xmlns='urn:nothing'/></iq>", "service-unavailable"),
        (
            "<iq type='get' id='a' to='elsewhere'><x xmlns='urn:nothing'/></iq>",
            "remote-server-not-found",
        ),
        ("<iq type='get' id='a'/>", "bad-request"),
        ("<iq type='other' id='a'><x xmlns='urn:nothing'/></iq>", "bad-request"),
        ("<iq type='set' id='a' to='bob@localhost'><vCard xmlns='vcard-temp'/></iq>", "forbidden"),
        (
            "<iq type='get' id='a' to='bob@localhost/r'><x xmlns='urn:x'/></iq>",
            "service-unavailable",
        ),
        ("<iq type='set' id='a'><query xmlns='jabber:iq:roster'/></iq>", "bad-request"),
    ] {
        assert_eq!(condition(&office.answer(1, request)), expected, "{request}");
    }
    let info = "<iq type='get' id='a' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>";
    let info = office.answer(1, info);
    let features: Vec<_> = info.children().next().expect("a query").children().collect();
    assert!(features.iter().any(|feature| feature.attr("var") == Some("vcard-temp")));
}

#[test]
fn a_message_goes_no_further_than_it_may() {
    let mut office = Office::new(&["alice", "bob"], 8);
    office.bind(1, "alice");
    assert!(office.desk.bound(2, "bob", "phone", 0) && office.desk.bound(3, "bob", "desk", 0));
    office.say(2, "<presence ><priority>5</priority></presence>");
    office.say(3, "<presence />");
    office.heard(2);
    office.heard(3);
    let mut reach = |kind: &str, to: &str| {
        office.say(1, &format!("<message to='{to}' type='{kind}'><body>hello</body></message>"));
        let refused = office.heard(1).first().map(condition);
        (office.heard(2).len(), office.heard(3).len(), refused)
    };
    let refused = Some("service-unavailable".to_owned());
    assert_eq!(reach("headline", "bob@localhost"), (1, 1, None), "all that want any");
    assert_eq!(reach("groupchat", "bob@localhost"), (0, 0, refused.clone()), "no group");
    assert_eq!(reach("normal", "bob@localhost"), (1, 0, None));
    assert_eq!(reach("chat", "bob@localhost/gone"), (1, 0, None), "a conversation goes on");
    assert_eq!(reach("normal", "bob@localhost/gone"), (0, 0, refused));
    assert_eq!(reach("headline", "bob@localhost/gone"), (0, 0, None));
    assert_eq!(reach("error", "bob@localhost/gone"), (0, 0, None));
}

#[test]
fn a_roster_shows_only_what_changes_and_leaving_is_told_once() {
    let mut office = Office::new(&["alice", "bob"], 8);
    for (id, name) in [(1, "alice"), (2, "bob")] {
        office.bind(id, name);
        office.say(id, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
        office.say(id, "<presence />");
        office.heard(id);
    }
    office.say(2, "<presence to='alice@localhost' type='subscribe'/>");
    let heard = office.heard(1);
    assert!(heard.iter().all(|stanza| stanza.name() == "presence"), "she lists nobody: {heard:?}");
    assert_eq!(office.heard(2).len(), 1, "he sees that he asks");
    office.say(1, "<presence to='bob@localhost' type='subscribed'/>");
    office.heard(1);
    office.heard(2);
    office.say(1, "<presence to='bob@localhost/r'/>");
    office.heard(2);
    office.say(1, "<presence type='unavailable'/>");
    let heard = office.heard(2);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0].attr("to"), Some("bob@localhost"), "the address stays as it is");
}

#[test]
fn who_may_see_is_told_though_the_other_one_leaves_before_that_is_stored() {
    let mut office = Office::new(&["alice", "bob"], 8);
    for (id, name) in [(1, "alice"), (2, "bob")] {
        office.bind(id, name);
        office.say(id, "<presence />");
    }
    office.say(1, "<presence to='bob@localhost' type='subscribe'/>");
    office.heard(1);
    office.say_only(2, "<presence to='alice@localhost' type='subscribed'/>");
    office.desk.closed(2, office.now_us);
    office.work();
    let told = office.heard(1);
    assert!(told.iter().any(|stanza| stanza.attr("type") == Some("subscribed")), "{told:?}");
    assert!(!office.desk.host.is_attached(1), "and then nothing of him is left");
}

#[test]
fn what_a_roster_keeps_of_a_contact_has_bounds() {
    let mut office = Office::new(&["alice"], 8);
    office.bind(1, "alice");
    let set = |jid: &str, name: usize, group: usize| {
        let (name, group) = ("n".repeat(name), "g".repeat(group));
        let item = format!("<item jid='{jid}' name='{name}'><group>{group}</group></item>");
        format!("<iq type='set' id='r'><query xmlns='jabber:iq:roster'>{item}</query></iq>")
    };
    let most = [book::NAME_BYTES_MAX, book::GROUP_BYTES_MAX];
    assert_eq!(
        office.answer(1, &set("b@localhost", most[0], most[1])).attr("type"),
        Some("result")
    );
    let long = format!("{}@localhost", "x".repeat(book::ADDRESS_BYTES_MAX + 1));
    for more in [
        set("b@localhost", most[0] + 1, most[1]),
        set("b@localhost", most[0], most[1] + 1),
        set(&long, 1, 1),
    ] {
        assert_eq!(condition(&office.answer(1, &more)), "not-acceptable");
    }
}
