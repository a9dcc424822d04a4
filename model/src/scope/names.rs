//! The words of a scope file that stand for a choice, once for reader and writer, and what helps with misspelt ones.

use super::{Class, Disk, Links, Returned, Routing, Rule, Strategy, Unit};

/// The kinds of request, by the word that stands for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Query,
    Publish,
    Delete,
    Share,
    Contacts,
    Restate,
}

pub(super) const KINDS: &[(&str, Kind)] = &[
    ("query", Kind::Query),
    ("publish", Kind::Publish),
    ("delete", Kind::Delete),
    ("share", Kind::Share),
    ("contacts", Kind::Contacts),
    ("restate", Kind::Restate),
];

pub(super) const CLASSES: &[(&str, Class)] =
    &[("interactive", Class::Interactive), ("normal", Class::Normal), ("bulk", Class::Bulk)];

pub(super) const ROUTINGS: &[(&str, Routing)] = &[("home", Routing::Home), ("any", Routing::Any)];

pub(super) const RETURNEDS: &[(&str, Returned)] =
    &[("queue", Returned::Queue), ("busy", Returned::Busy)];

pub(super) const RULES: &[(&str, Rule)] =
    &[("everyone", Rule::Everyone), ("contacts", Rule::Contacts), ("nobody", Rule::Nobody)];

pub(super) const LINKS: &[(&str, Links)] = &[("fifo", Links::Fifo), ("datagram", Links::Datagram)];

pub(super) const STRATEGIES: &[(&str, Strategy)] = &[
    ("any", Strategy::Any),
    ("least-loaded", Strategy::LeastLoaded),
    ("round-robin", Strategy::RoundRobin),
    ("two-choices", Strategy::TwoChoices),
    ("weighted", Strategy::Weighted),
    ("classes", Strategy::Classes),
];

pub(super) const UNITS: &[(&str, Unit)] = &[("count", Unit::Count), ("delay", Unit::Delay)];

pub(super) const DISKS: &[(&str, Disk)] =
    &[("immediate", Disk::Immediate), ("flushed", Disk::Flushed)];

/// The word that stands for `wanted`.
pub(super) fn word_for<T: PartialEq>(words: &[(&'static str, T)], wanted: &T) -> &'static str {
    words.iter().find(|(_, value)| value == wanted).map_or("", |(word, _)| *word)
}

/// The known name that `name` most likely means, if any is near enough to be worth suggesting.
///
/// A third of the letters may differ: a wider net suggests words that only confuse.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(name, candidate);
    let letters = |candidate: &str| candidate.chars().count().max(name.chars().count());
    known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (letters(candidate) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// "`a`, `b` or `c`".
pub(super) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "no name, as none is known".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// What somebody wrote, made fit for one line of a message: short, in backquotes, nothing that moves the cursor.
pub(super) fn quoted(written: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    let shown: String =
        written.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    let more = if written.chars().nth(SHOWN_CHARS_MAX).is_some() { "…" } else { "" };
    format!("`{shown}{more}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_headers_share_their_words() {
        fn check<T: serde::Serialize>(words: &[(&str, T)]) {
            for (word, value) in words {
                assert_eq!(serde_json::to_value(value).expect("it is a word"), *word);
            }
        }
        check(CLASSES);
        check(ROUTINGS);
        check(RETURNEDS);
        check(RULES);
        check(LINKS);
        check(STRATEGIES);
        check(UNITS);
        check(DISKS);
    }

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["home", "any", "crash-query", "crash-global"];
        assert_eq!(nearest("hoem", known).as_deref(), Some("home"));
        assert_eq!(nearest("crash_query", known).as_deref(), Some("crash-query"));
        assert_eq!(nearest("elsewhere", known), None);
        assert_eq!(nearest("", known), None);
    }
}
