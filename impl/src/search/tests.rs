//! What is found is what was published, whichever way it is paged through.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn profile(fields: &[(&str, &str)]) -> Profile {
    let fields = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    Profile { fields: fields.collect() }
}

fn term(fields: &[&str], text: &str) -> Term {
    Term { fields: fields.iter().map(|&field| field.to_owned()).collect(), text: fold(text) }
}

fn all() -> Search {
    let shown = vec!["nick".to_owned()];
    Search { terms: Vec::new(), shown, part: Part::First, hits_max: PAGE_HITS_MAX }
}

fn users(page: &Page) -> Vec<u16> {
    page.hits.iter().map(|hit| hit.user).collect()
}

fn page(search: &Search, profiles: &BTreeMap<u16, Profile>) -> Page {
    search.page(profiles.iter().map(|(&user, profile)| (user, profile)))
}

#[test]
fn a_text_is_found_anywhere_in_its_field_in_whatever_case() {
    let found = |value: &str, text: &str| {
        let profiles = BTreeMap::from([(1, profile(&[("nick", value), ("email", "x@y")]))]);
        let search = Search { terms: vec![term(&["nick"], text)], ..all() };
        page(&search, &profiles).count == 1
    };
    for (value, text) in [
        ("Alice", "alice"),
        ("alice", "LIC"),
        ("Øystein", "øYS"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("王小明", "小明"),
        ("Strauß", "ß"),
    ] {
        assert!(found(value, text), "{text} in {value}");
    }
    for (value, text) in [("Alice", "alicex"), ("Øystein", "oystein"), ("Alice", "x@y")] {
        assert!(!found(value, text), "{text} not in {value}");
    }
}

#[test]
fn every_term_must_be_there_in_one_of_its_fields() {
    let profiles = BTreeMap::from([
        (1, profile(&[("first", "Ann"), ("last", "Lee")])),
        (2, profile(&[("name", "Ann Lee")])),
        (3, profile(&[("first", "Ann"), ("last", "Kay")])),
    ]);
    let terms = vec![term(&["first", "name"], "ann"), term(&["last", "name"], "lee")];
    assert_eq!(users(&page(&Search { terms, ..all() }, &profiles)), [1, 2]);
}

#[test]
fn what_is_out_of_bounds_is_no_search() {
    assert!(all().fits());
    let long = "x".repeat(TERM_BYTES_MAX + 1);
    for terms in [
        vec![term(&["nick"], "")],
        vec![term(&["nick"], &long)],
        vec![term(&["nick"; TERM_FIELDS_MAX + 1], "x")],
        vec![term(&["nick"], "x"); TERMS_MAX + 1],
    ] {
        assert!(!Search { terms, ..all() }.fits());
    }
    assert!(!Search { shown: vec!["nick".to_owned(); SHOWN_MAX + 1], ..all() }.fits());
    assert!(!Search { hits_max: PAGE_HITS_MAX + 1, ..all() }.fits());
}

#[test]
fn without_hits_they_are_counted() {
    let profiles: BTreeMap<u16, Profile> = (0..100).map(|user| (user, profile(&[]))).collect();
    for part in [Part::First, Part::Last, Part::After(7), Part::Before(7)] {
        let counted = page(&Search { hits_max: 0, part, ..all() }, &profiles);
        assert_eq!((counted.hits.len(), counted.count), (0, 100), "{part:?}");
    }
}

#[test]
fn a_page_has_no_more_bytes_than_it_may_and_never_fewer_than_one_hit() {
    for bytes in [PAGE_BYTES_MAX / 3, PAGE_BYTES_MAX] {
        let value = "x".repeat(bytes);
        let profiles: BTreeMap<u16, Profile> =
            (0..10).map(|user| (user, profile(&[("nick", &value)]))).collect();
        let expected = if bytes == PAGE_BYTES_MAX { 1 } else { 2 };
        let first = page(&all(), &profiles);
        assert_eq!((users(&first), first.index), ((0..expected).collect(), 0));
        let last = page(&Search { part: Part::Last, ..all() }, &profiles);
        let index = 10 - expected;
        assert_eq!((users(&last), last.index), ((index..10).collect(), index.into()));
    }
}

/// All pages, each after the one before.
fn forwards(search: &Search, profiles: &BTreeMap<u16, Profile>) -> Vec<u16> {
    let (mut found, mut part) = (Vec::new(), Part::First);
    loop {
        let page = page(&Search { part, ..search.clone() }, profiles);
        assert!(page.hits.is_empty() || page.index as usize == found.len(), "its index");
        found.extend(users(&page));
        assert!(found.len() <= profiles.len(), "nobody twice");
        let Some(last) = page.hits.last() else { return found };
        part = Part::After(last.user);
    }
}

/// All pages, each before the one after it.
fn backwards(search: &Search, profiles: &BTreeMap<u16, Profile>) -> Vec<u16> {
    let (mut found, mut part) = (Vec::new(), Part::Last);
    loop {
        let page = page(&Search { part, ..search.clone() }, profiles);
        let Some(first) = page.hits.first() else { return found };
        let at = page.index as usize + page.hits.len() + found.len();
        assert_eq!(at, page.count as usize, "its index");
        part = Part::Before(first.user);
        found = [users(&page), found].concat();
        assert!(found.len() <= profiles.len(), "nobody twice");
    }
}

proptest! {
    #[test]
    fn pages_one_after_the_other_are_all_that_is_found(
        texts in prop::collection::btree_map(any::<u16>(), ("[abAB]{0,4}", 0..30usize), 0..60),
        wanted in "[ab]{1,2}",
        hits_max in 1..8u16,
        is_large in any::<bool>(),
    ) {
        // With large ones few are a page, and after one that is too much may come one that is not.
        let value = |text: &str, kilobytes: usize| match is_large {
            true => text.to_owned() + &"c".repeat(kilobytes * 1024),
            false => text.to_owned(),
        };
        let profiles: BTreeMap<u16, Profile> = texts
            .iter()
            .map(|(user, (text, kilobytes))| (*user, profile(&[("nick", &value(text, *kilobytes))])))
            .collect();
        let is_found = |text: &str| text.to_lowercase().contains(&wanted);
        let expected: Vec<u16> =
            texts.iter().filter(|(_, (text, _))| is_found(text)).map(|(user, _)| *user).collect();
        let search = Search { terms: vec![term(&["nick"], &wanted)], hits_max, ..all() };
        prop_assert_eq!(page(&search, &profiles).count as usize, expected.len());
        prop_assert_eq!(forwards(&search, &profiles), expected.clone());
        prop_assert_eq!(backwards(&search, &profiles), expected);
    }

    #[test]
    fn what_others_publish_meanwhile_shifts_no_page(
        stay in prop::collection::btree_set(any::<u16>(), 1..40),
        changes in prop::collection::vec((any::<u16>(), any::<bool>()), 0..40),
        hits_max in 1..5u16,
    ) {
        let mut profiles: BTreeMap<u16, Profile> =
            stay.iter().map(|&user| (user, profile(&[]))).collect();
        let mut changes = changes.into_iter();
        let (mut found, mut part) = (Vec::new(), Part::First);
        loop {
            let page = page(&Search { part, hits_max, ..all() }, &profiles);
            found.extend(users(&page));
            prop_assert!(found.len() <= 80, "nobody twice");
            let Some(last) = page.hits.last() else { break };
            part = Part::After(last.user);
            if let Some((user, comes)) = changes.next().filter(|(user, _)| !stay.contains(user)) {
                match comes {
                    true => profiles.insert(user, profile(&[])),
                    false => profiles.remove(&user),
                };
            }
        }
        let once: std::collections::BTreeSet<u16> = found.iter().copied().collect();
        prop_assert_eq!(once.len(), found.len(), "nobody twice");
        prop_assert!(stay.is_subset(&once), "nobody left out");
    }
}
