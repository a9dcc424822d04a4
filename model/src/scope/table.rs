//! A small strict decoder of TOML tables: every key is asked for by name, and what nobody asked for is an error.
//!
//! A fault does not stop the reading: it is noted, the value reads as `None`, and whoever started the reading looks
//! at the notes at the end.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use super::names::{nearest, one_of, quoted};
use super::notes::Notes;

/// A table that is being read.
pub(super) struct Table<'a> {
    notes: &'a Notes<'a>,
    /// How it is written in the file: `[faults]`, say.
    title: String,
    /// What its keys' paths begin with: empty, or ending in a dot.
    prefix: String,
    /// Where to report that a key is missing.
    header: Range<usize>,
    entries: &'a DeTable<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Table<'a> {
    /// The table of the whole file.
    pub(super) fn root(notes: &'a Notes<'a>, entries: &'a DeTable<'a>) -> Self {
        let title = "the file".to_owned();
        Self { notes, title, prefix: String::new(), header: 0..0, entries, asked: Vec::new() }
    }

    /// A key that must be there.
    pub(super) fn need(&mut self, key: &'static str) -> Field<'a> {
        let header = self.header.clone();
        self.field(key, key, Found::Missing(header))
    }

    /// A section that must be there; the end of the file is where it would be added. Its path in the scope may be
    /// another than its key.
    pub(super) fn need_section(&mut self, key: &'static str, path: &str) -> Field<'a> {
        self.field(key, path, Found::Missing(self.notes.end()))
    }

    /// A key that may be there.
    pub(super) fn may(&mut self, key: &'static str) -> Field<'a> {
        self.field(key, key, Found::Nothing)
    }

    /// A section that may be there, whose keys are the scope's own: it adds nothing to their paths.
    pub(super) fn may_section_without_path(&mut self, key: &'static str) -> Field<'a> {
        self.field(key, "", Found::Nothing)
    }

    /// A key that has no business here, although it is well known elsewhere.
    pub(super) fn refuse(&mut self, key: &'static str, reason: &str, expected: &str) {
        self.asked.push(key);
        if let Some((written, _)) = self.entries.get_key_value(key) {
            self.notes.note(written.span(), format!("`{key}` {reason}"), expected, None);
        }
    }

    /// Ends the reading: what was not asked for is unknown.
    pub(super) fn finish(self) {
        let all = one_of(self.asked.iter().copied());
        // Who is told which key was meant needs no list of dozens.
        let few = format!("one of the {} keys of {}", self.asked.len(), self.title);
        let mut meant_paths = BTreeSet::new();
        for (key, value) in self.entries {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let meant = nearest(name, self.asked.iter().copied());
            meant_paths.extend(meant.iter().map(|meant| format!("{}{meant}", self.prefix)));
            let what = if is_section(value.get_ref()) { "table" } else { "key" };
            self.notes.note(
                key.span(),
                format!("unknown {what} {}", quoted(name)),
                if meant.is_some() { &few } else { &all },
                meant,
            );
        }
        // A misspelt key is the one fault: that the right one is missing only follows from it.
        self.notes.forget_missing(&meant_paths);
    }

    fn field(&mut self, key: &'static str, path: &str, otherwise: Found<'a>) -> Field<'a> {
        self.asked.push(key);
        let found = match self.entries.get(key) {
            Some(value) => Found::Value(value.span(), value.get_ref()),
            None => otherwise,
        };
        let key_path = format!("{}{key}", self.prefix);
        Field::new(self.notes, key.to_owned(), format!("{}{path}", self.prefix), key_path, found)
    }
}

enum Found<'a> {
    Value(Range<usize>, &'a DeValue<'a>),
    /// It is not there and must be; reported at this place.
    Missing(Range<usize>),
    /// It is not there and need not be.
    Nothing,
}

/// A key's value, or an element of a list, that is being read. Each reading is `None` when there is no value, and
/// when it is not as expected, which is then noted.
pub(super) struct Field<'a> {
    notes: &'a Notes<'a>,
    name: String,
    /// Its path in the scope, which differs from that in the file for a few keys.
    path: String,
    /// Its path in the file.
    key_path: String,
    found: Found<'a>,
}

impl<'a> Field<'a> {
    fn new(
        notes: &'a Notes<'a>,
        name: String,
        path: String,
        key_path: String,
        found: Found<'a>,
    ) -> Self {
        if let Found::Value(span, _) = &found {
            notes.note_place(&path, span);
        }
        Self { notes, name, path, key_path, found }
    }

    /// An integer in a range.
    pub(super) fn int(&self, range: &RangeInclusive<u32>) -> Option<u32> {
        self.int_as(range, &integer_in(range))
    }

    /// An index of something; that it points at one of them is for [`super::check`] to find out.
    pub(super) fn index(&self, of: &str) -> Option<u16> {
        let number =
            self.int_as(&(0..=u32::from(u16::MAX)), &format!("the index of a {of}, from 0"))?;
        u16::try_from(number).ok()
    }

    /// An integer in a range, with words of the caller's for what is expected.
    pub(super) fn int_as(&self, range: &RangeInclusive<u32>, expected: &str) -> Option<u32> {
        let (span, value) = self.value(expected)?;
        let Some(integer) = value.as_integer() else {
            return self.wrong_kind(span, value, expected);
        };
        let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            let written = quoted(&integer.to_string());
            self.wrong(span, written.trim_matches('`'), expected, None);
        }
        number
    }

    /// A truth value.
    pub(super) fn flag(&self) -> Option<bool> {
        let expected = "`true` or `false`";
        let (span, value) = self.value(expected)?;
        match value.as_bool() {
            Some(flag) => Some(flag),
            None => self.wrong_kind(span, value, expected),
        }
    }

    /// A string.
    pub(super) fn text(&self, expected: &str) -> Option<String> {
        let (span, value) = self.value(expected)?;
        match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => self.wrong_kind(span, value, expected),
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, words: &[(&'static str, T)]) -> Option<T> {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let word = self.word(&known)?;
        words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// One of a few words, as it is.
    pub(super) fn word(&self, known: &[&str]) -> Option<String> {
        let expected = one_of(known.iter().copied());
        let (span, _) = self.value(&expected)?;
        let word = self.text(&expected)?;
        if known.contains(&word.as_str()) {
            return Some(word);
        }
        self.wrong(span, &quoted(&word), &expected, nearest(&word, known.iter().copied()));
        None
    }

    /// Whether a list is there.
    pub(super) fn is_list(&self) -> bool {
        matches!(&self.found, Found::Value(_, value) if value.is_array())
    }

    /// A list; how its elements are to be read is for the caller to say.
    pub(super) fn list(&self, expected: &str) -> Option<Vec<Field<'a>>> {
        let (span, value) = self.value(expected)?;
        let Some(array) = value.as_array() else { return self.wrong_kind(span, value, expected) };
        let element = |(place, value): (usize, &'a toml::Spanned<DeValue<'a>>)| {
            let at = |name: &str| format!("{name}[{place}]");
            let found = Found::Value(value.span(), value.get_ref());
            Field::new(self.notes, at(&self.name), at(&self.path), at(&self.key_path), found)
        };
        Some(array.iter().enumerate().map(element).collect())
    }

    /// A table.
    pub(super) fn table(&self) -> Option<Table<'a>> {
        let expected = format!("a table, written `[{}]`", self.name);
        let (span, value) = self.value(&expected)?;
        let Some(entries) = value.as_table() else {
            return self.wrong_kind(span, value, &expected);
        };
        let prefix = if self.path.is_empty() { String::new() } else { format!("{}.", self.path) };
        let title = self.title();
        Some(Table { notes: self.notes, title, prefix, header: span, entries, asked: Vec::new() })
    }

    /// How a table of this name is written.
    fn title(&self) -> String {
        match self.name.split_once('[') {
            None => format!("`[{}]`", self.name),
            Some((list, _)) => format!("`[[{list}]]`"),
        }
    }

    /// Notes that the value, which is there, is not as expected.
    pub(super) fn refuse(&self, message: String, expected: &str) {
        if let Found::Value(span, _) = &self.found {
            self.notes.note(span.clone(), message, expected, None);
        }
    }

    fn value(&self, expected: &str) -> Option<(Range<usize>, &'a DeValue<'a>)> {
        match &self.found {
            Found::Value(span, value) => Some((span.clone(), value)),
            Found::Nothing => None,
            Found::Missing(place) => {
                let message = format!("`{}` is missing", self.name);
                self.notes.note_missing(place.clone(), message, expected, &self.key_path);
                None
            }
        }
    }

    fn wrong_kind<T>(&self, span: Range<usize>, value: &DeValue<'_>, expected: &str) -> Option<T> {
        self.wrong(span, kind(value), expected, None);
        None
    }

    fn wrong(&self, span: Range<usize>, what: &str, expected: &str, nearest: Option<String>) {
        self.notes.note(span, format!("`{}` is {what}", self.name), expected, nearest);
    }
}

/// Whether a value is written with a header of its own.
fn is_section(value: &DeValue<'_>) -> bool {
    let first = value.as_array().and_then(|array| array.first());
    value.is_table() || first.is_some_and(|first| first.get_ref().is_table())
}

/// "an integer from 1 to 32".
pub(super) fn integer_in(range: &RangeInclusive<u32>) -> String {
    format!("an integer from {} to {}", range.start(), range.end())
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
