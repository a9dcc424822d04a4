//! A search: what is asked of all records that the asker may see, and the page of them that is found.
//!
//! In the words of the protocol a search is a query of the asker's own information whose answer carries a page besides, so
//! it is a task like any other. Nodes know fields and their texts; which fields there are is the affair of whoever
//! publishes and asks.
//!
//! **Order.** Hits are in the order of their users' numbers. A number is given once and never again, so a place in that order
//! stays what it is while others publish, hide and go: pages that follow each other never have the same hit twice, and leave
//! out none that was to be seen all the time. For the same reason any number is a place, whoever has it: that a page can be
//! asked for after a number says nothing about its user.
//!
//! **Cost.** A search reads each record once, and judges and compares it without allocating where texts are ASCII: 3 to 4 ms
//! with 20,000 users, some hundred times what a get takes. [`RECORDS_READ_MAX`] bounds it, and the bounds of terms what each
//! record costs. It starves nobody: it is one task that holds one place in the queue, its class is after that of gets, when it
//! is too much it is handed over or refused like them, and whoever lets users search bounds how many are under way.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::profile::Profile;

/// Terms of a search, at most.
pub const TERMS_MAX: usize = 8;
/// Fields that a term is looked for in, at most.
pub const TERM_FIELDS_MAX: usize = 4;
/// Bytes of a term's text, at most.
pub const TERM_BYTES_MAX: usize = 256;
/// Fields that are shown of a hit, at most.
pub const SHOWN_MAX: usize = 8;
/// Hits on a page, at most.
pub const PAGE_HITS_MAX: u16 = 50;
/// Bytes of the hits' fields on a page, at most; a page ends before the hit that would be too much.
pub const PAGE_BYTES_MAX: usize = 64 * 1024;
/// Records that a search reads, at most: as many as there are numbers for users, so that none is left out.
pub const RECORDS_READ_MAX: usize = 1 << 16;

/// What is looked for: records that hold every term.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Search {
    /// The terms; without any, everybody who may be seen is found.
    pub terms: Vec<Term>,
    /// The fields that are shown of each hit.
    pub shown: Vec<String>,
    /// Which part of what is found.
    pub part: Part,
    /// How many hits at most; with 0 they are only counted.
    pub hits_max: u16,
}

/// A text that one of some fields has in it, in whatever case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Term {
    /// The fields.
    pub fields: Vec<String>,
    /// The text as [`fold`] makes it.
    pub text: String,
}

/// Which part of what is found makes the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// From the first hit on.
    First,
    /// From the first hit after this user on.
    After(u16),
    /// Up to the last hit.
    Last,
    /// Up to the last hit before this user.
    Before(u16),
}

/// A user who was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hit {
    /// The user.
    pub user: u16,
    /// Of the fields that were to be shown those that there are.
    pub fields: BTreeMap<String, String>,
}

/// Part of what was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Page {
    /// The hits in the order of users.
    pub hits: Vec<Hit>,
    /// How many come before the first of them.
    pub index: u32,
    /// How many there are, on whichever page.
    pub count: u32,
}

impl Search {
    /// Whether it keeps the limits.
    pub fn fits(&self) -> bool {
        let fits = |term: &Term| {
            term.fields.len() <= TERM_FIELDS_MAX
                && !term.text.is_empty()
                && term.text.len() <= TERM_BYTES_MAX
        };
        self.terms.len() <= TERMS_MAX
            && self.shown.len() <= SHOWN_MAX
            && self.hits_max <= PAGE_HITS_MAX
            && self.terms.iter().all(fits)
    }

    /// The page of these profiles, which the asker may see, and which come in the order of their users.
    pub fn page<'a>(&self, visible: impl Iterator<Item = (u16, &'a Profile)>) -> Page {
        let mut window = Window::new(self);
        let (mut count, mut before) = (0, 0);
        for (user, profile) in visible.filter(|(_, profile)| self.finds(profile)) {
            count += 1;
            match self.part {
                Part::After(place) if user <= place => before += 1,
                Part::First | Part::After(_) => window.take_first(user, profile),
                Part::Before(place) if user >= place => {}
                Part::Last | Part::Before(_) => before += window.take_last(user, profile),
            }
        }
        Page { hits: window.hits(), index: before, count }
    }

    fn finds(&self, profile: &Profile) -> bool {
        let has = |field: &String, text: &str| {
            profile.fields.get(field).is_some_and(|value| holds(value, text))
        };
        self.terms.iter().all(|term| term.fields.iter().any(|field| has(field, &term.text)))
    }
}

/// The hits that the page has so far.
struct Window<'a, 'b> {
    search: &'b Search,
    hits: VecDeque<(u16, &'a Profile, usize)>,
    bytes: usize,
    is_full: bool,
}

impl<'a, 'b> Window<'a, 'b> {
    fn new(search: &'b Search) -> Window<'a, 'b> {
        Window { search, hits: VecDeque::new(), bytes: 0, is_full: false }
    }

    /// Takes a hit if it is still one of the first.
    fn take_first(&mut self, user: u16, profile: &'a Profile) {
        if self.is_full {
            return;
        }
        self.push(user, profile);
        if self.is_too_much()
            && let Some((_, _, bytes)) = self.hits.pop_back()
        {
            self.bytes -= bytes;
            self.is_full = true;
        }
    }

    /// Takes a hit, and gives up those that are no longer of the last: how many, it says.
    fn take_last(&mut self, user: u16, profile: &'a Profile) -> u32 {
        self.push(user, profile);
        let mut given_up = 0;
        while self.is_too_much()
            && let Some((_, _, bytes)) = self.hits.pop_front()
        {
            self.bytes -= bytes;
            given_up += 1;
        }
        given_up
    }

    fn push(&mut self, user: u16, profile: &'a Profile) {
        let shown = shown(self.search, profile);
        let bytes = shown.map(|(name, value)| name.len() + value.len()).sum();
        self.hits.push_back((user, profile, bytes));
        self.bytes += bytes;
    }

    /// One hit has room however large it is, so that no page is the end before it is.
    fn is_too_much(&self) -> bool {
        self.hits.len() > usize::from(self.search.hits_max)
            || (self.bytes > PAGE_BYTES_MAX && self.hits.len() > 1)
    }

    fn hits(self) -> Vec<Hit> {
        let fields = |profile| {
            shown(self.search, profile).map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        self.hits.iter().map(|&(user, profile, _)| Hit { user, fields: fields(profile) }).collect()
    }
}

fn shown<'a>(
    search: &Search,
    profile: &'a Profile,
) -> impl Iterator<Item = (&'a String, &'a String)> {
    search.shown.iter().filter_map(|name| profile.fields.get_key_value(name))
}

/// A text without the difference of upper and lower case, letter by letter. Accents make a difference.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Whether a text has this one in it, which is folded. In between it may begin: names of some languages have no words.
fn holds(text: &str, folded: &str) -> bool {
    match text.is_ascii() {
        _ if folded.is_empty() => true,
        true => {
            let folded = folded.as_bytes();
            text.as_bytes().windows(folded.len()).any(|part| part.eq_ignore_ascii_case(folded))
        }
        false => fold(text).contains(folded),
    }
}

#[cfg(test)]
mod tests;
