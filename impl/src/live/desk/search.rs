//! Search for users (XEP-0055) by what is on their cards, in pages (XEP-0059). The server itself is asked; the query servers
//! find, each in its replica, and only what a get of the card would show to whoever asks.
//!
//! A term is found anywhere in its field, in whatever case, and each field that is given must have it; `first` and `last` are
//! looked for in the full name too, since many cards have no other. An asterisk at the end, which other servers want, changes
//! nothing. What is found is in the order in which accounts were made, see [`crate::search`]: an item's id for paging is its
//! account's number, so that a page can be followed when its last item has gone meanwhile, and tells nothing of who is hidden.

use minidom::Element;

use super::vcard::Kind;
use super::{ConnectionId, Deed, Desk, set};
use crate::live::front::error::{ErrorType, iq_result};
use crate::live::front::names::attribute;
use crate::node::{Refused, Shown};
use crate::profile::Profile;
use crate::search::{PAGE_HITS_MAX, Page, Part, Search, Term, fold};

/// The namespace of searches.
pub(super) const SEARCH: &str = "jabber:iq:search";
/// The namespace of pages.
pub(super) const PAGING: &str = "http://jabber.org/protocol/rsm";
const DATA_FORMS: &str = "jabber:x:data";
const INSTRUCTIONS: &str =
    "Fill in one or more fields to find users whose cards have these texts in them.";

/// Searches of a connection that are under way, at most.
const OF_CONNECTION_MAX: usize = 4;
/// Searches of all clients that are under way, at most: what takes a query server some milliseconds is done before others
/// wait for a tenth of a second.
const SEARCHES_MAX: usize = 32;
/// When to try again after one of these two.
const RETRY_AFTER_US: u64 = 100_000;
/// Bytes of a card that are kept of each field for searching, at most.
const FIELD_BYTES_MAX: usize = 256;

/// The full name in the fields of a profile, which is no field of a search.
const FULL_NAME: &str = "name";
/// The fields of a search, and where in a profile each is looked for.
const FIELDS: [(&str, &[&str]); 4] = [
    ("nick", &["nick"]),
    ("first", &["first", FULL_NAME]),
    ("last", &["last", FULL_NAME]),
    ("email", &["email"]),
];
/// Where on a card the fields of a profile are; of several the first counts.
const ON_CARD: [(&str, &[&str]); 5] = [
    ("nick", &["NICKNAME"]),
    ("first", &["N", "GIVEN"]),
    ("last", &["N", "FAMILY"]),
    ("email", &["EMAIL", "USERID"]),
    (FULL_NAME, &["FN"]),
];

/// Why a search is not begun.
type Refusal = (ErrorType, &'static str);
const BAD_REQUEST: Refusal = (ErrorType::Modify, "bad-request");

impl Desk {
    /// A request to the directory of users: which fields there are, or a search.
    pub(super) fn search(
        &mut self,
        id: ConnectionId,
        stanza: Element,
        query: &Element,
        is_set: bool,
    ) {
        if !is_set {
            return self.deeds.push(Deed::Send(id, iq_result(&stanza, Some(form()))));
        }
        let search = match search(query) {
            Ok(search) => search,
            Err((kind, condition)) => return self.refuse(id, &stanza, kind, condition),
        };
        let session = self.sessions.get_mut(&id).expect("a session asks");
        if session.searches >= OF_CONNECTION_MAX || self.searches >= SEARCHES_MAX {
            let refused = Refused::Busy { retry_after_us: RETRY_AFTER_US };
            return self.deeds.push(Deed::Send(id, super::vcard::busy(&stanza, refused)));
        }
        session.searches += 1;
        self.searches += 1;
        let request = self.host.search(session.user, search, self.now_us);
        self.expect(request, id, stanza, Kind::Search);
    }

    /// The answer to a search.
    pub(super) fn found(&self, request: &Element, shown: &Shown) -> Element {
        let mut query = Element::bare("query", SEARCH);
        if let Some(page) = &shown.found {
            // Of an account that is removed there may still be a card.
            let named = |user| self.directory.name(user);
            let hits = page.hits.iter();
            let items = hits.filter_map(|hit| Some((named(hit.user)?, &hit.fields)));
            for (account, fields) in items {
                let mut item = Element::bare("item", SEARCH);
                set(&mut item, "jid", &self.bare(account));
                for (name, _) in FIELDS {
                    let text = fields.get(name).or_else(|| full_name(name, fields));
                    item.append_child(field(name, text.map_or("", String::as_str)));
                }
                query.append_child(item);
            }
            let is_paged = request.children().any(|asked| asked.has_child("set", PAGING));
            if is_paged {
                query.append_child(place(page));
            }
        }
        iq_result(request, Some(query))
    }
}

/// Who has no first and no last name is called by the full one.
fn full_name<'a>(
    field: &str,
    fields: &'a std::collections::BTreeMap<String, String>,
) -> Option<&'a String> {
    let is_missing = field == "first" && !fields.contains_key("last");
    fields.get(FULL_NAME).filter(|_| is_missing)
}

/// The fields that there are.
fn form() -> Element {
    Element::builder("query", SEARCH)
        .append(field("instructions", INSTRUCTIONS))
        .append_all(FIELDS.map(|(name, _)| Element::bare(name, SEARCH)))
        .build()
}

fn field(name: &str, text: &str) -> Element {
    let element = Element::builder(name, SEARCH);
    if text.is_empty() { element.build() } else { element.append(text).build() }
}

/// Where in all that was found the page is.
fn place(page: &Page) -> Element {
    let text = |name, text: String| Element::builder(name, PAGING).append(text);
    let mut place = Element::bare("set", PAGING);
    if let (Some(first), Some(last)) = (page.hits.first(), page.hits.last()) {
        let index = page.index.to_string();
        let first = text("first", first.user.to_string()).attr(attribute("index"), index);
        place.append_child(first.build());
        place.append_child(text("last", last.user.to_string()).build());
    }
    place.append_child(text("count", page.count.to_string()).build());
    place
}

/// What is asked for.
fn search(query: &Element) -> Result<Search, Refusal> {
    let mut terms = Vec::new();
    let (mut part, mut hits_max) = (Part::First, PAGE_HITS_MAX);
    for child in query.children() {
        match child.ns().as_str() {
            SEARCH => terms.extend(term(child)?),
            PAGING if child.name() == "set" => (part, hits_max) = paging(child)?,
            // Only the fields of a form are known, so that what it asks for would be overlooked.
            DATA_FORMS => return Err((ErrorType::Cancel, "feature-not-implemented")),
            _ => {}
        }
    }
    let shown = ON_CARD.map(|(name, _)| name.to_owned()).into();
    let search = Search { terms, shown, part, hits_max };
    if search.fits() { Ok(search) } else { Err(BAD_REQUEST) }
}

/// A field that is filled in.
fn term(child: &Element) -> Result<Option<Term>, Refusal> {
    let text = child.text();
    let text = text.trim().trim_end_matches('*').trim();
    if text.is_empty() || child.name() == "instructions" {
        return Ok(None);
    }
    let (_, fields) =
        FIELDS.into_iter().find(|(name, _)| *name == child.name()).ok_or(BAD_REQUEST)?;
    let text = fold(text);
    let fields = fields.iter().map(|&field| field.to_owned()).collect();
    Ok(Some(Term { fields, text }))
}

/// Which part of what is found, and how much of it at most.
fn paging(asked: &Element) -> Result<(Part, u16), Refusal> {
    let text = |name| asked.get_child(name, PAGING).map(Element::text);
    if text("index").is_some() {
        return Err((ErrorType::Cancel, "feature-not-implemented"));
    }
    let hits_max = match text("max") {
        None => PAGE_HITS_MAX,
        Some(max) => {
            let max: u32 = max.trim().parse().map_err(|_| BAD_REQUEST)?;
            max.min(PAGE_HITS_MAX.into()) as u16
        }
    };
    let part = match (text("after").as_deref(), text("before").as_deref()) {
        (None, None) | (Some(""), None) => Part::First,
        (None, Some("")) => Part::Last,
        (Some(after), None) => Part::After(number(after)?),
        (None, Some(before)) => Part::Before(number(before)?),
        (Some(_), Some(_)) => return Err(BAD_REQUEST),
    };
    Ok((part, hits_max))
}

/// The number of an account, in the one way of writing it: anything else is no item that ever was.
fn number(text: &str) -> Result<u16, Refusal> {
    let number = text.parse().ok().filter(|number: &u16| number.to_string() == text);
    number.ok_or((ErrorType::Cancel, "item-not-found"))
}

/// Puts what a card can be searched for beside it, so that nodes need not read cards. One that leaves no room for it is kept,
/// and not found by its texts.
pub(super) fn note_fields(card: &Element, profile: &mut Profile) {
    let alone = profile.clone();
    for (field, path) in ON_CARD {
        let text = on_card(card, path).unwrap_or_default();
        let text = cut(text.trim(), FIELD_BYTES_MAX);
        if !text.is_empty() {
            profile.fields.insert(field.to_owned(), text.to_owned());
        }
    }
    if !profile.fits() {
        *profile = alone;
    }
}

/// The first text on a card that has this path.
fn on_card(card: &Element, path: &[&str]) -> Option<String> {
    let Some((name, path)) = path.split_first() else { return Some(card.text()) };
    let named = card.children().filter(|child| child.name() == *name);
    named.filter_map(|child| on_card(child, path)).find(|text| !text.trim().is_empty())
}

/// The beginning of a text, in whole letters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}
