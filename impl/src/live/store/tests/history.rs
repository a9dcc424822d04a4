//! Reads as of older revisions, changes, and compaction.

use super::super::{
    Changes, Error, Happened, Keys, RedbStore, Revision, Store, StoreLimits, Transaction,
};
use super::backend::CrashDisk;
use super::{commit, disk, put, store};

fn at(store: &RedbStore, keys: &Keys, revision: u64) -> Result<Vec<(String, String)>, Error> {
    let page = store.range(keys, 100, Some(Revision(revision)))?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("tests put text");
    Ok(page
        .entries
        .into_iter()
        .map(|entry| (text(entry.key), text(entry.versioned.value)))
        .collect())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn told(changes: &Changes) -> Vec<(u64, String, bool)> {
    let told = changes.events.iter().map(|event| {
        let key = String::from_utf8(event.key.clone()).expect("tests put text");
        (event.revision.0, key, event.happened != Happened::Deleted)
    });
    told.collect()
}

/// Five revisions: a, b, a again, b gone, c.
fn five() -> RedbStore {
    let store = store();
    put(&store, "a", "1");
    put(&store, "b", "1");
    put(&store, "a", "2");
    commit(&store, Transaction::new().delete("b"));
    put(&store, "c", "1");
    store
}

#[test]
fn a_range_is_read_as_of_any_revision() {
    let (store, all) = (five(), Keys::all());
    assert_eq!(at(&store, &all, 0).expect("it reads"), pairs(&[]));
    assert_eq!(at(&store, &all, 2).expect("it reads"), pairs(&[("a", "1"), ("b", "1")]));
    assert_eq!(at(&store, &all, 3).expect("it reads"), pairs(&[("a", "2"), ("b", "1")]));
    assert_eq!(at(&store, &all, 4).expect("it reads"), pairs(&[("a", "2")]));
    assert_eq!(at(&store, &all, 5).expect("it reads"), pairs(&[("a", "2"), ("c", "1")]));
    let future = at(&store, &all, 6);
    assert!(matches!(future, Err(Error::Future { asked: Revision(6), newest: Revision(5) })));
}

#[test]
fn ranges_keep_to_their_bounds() {
    let store = store();
    for key in ["a", "ab", "ab\u{0}", "b", "c"] {
        put(&store, key, "1");
    }
    let newest = store.revision().expect("it reads").0;
    put(&store, "z", "so that the other way of reading is tried too");
    let keys = |keys: Keys, revision| -> Vec<String> {
        at(&store, &keys, revision).expect("it reads").into_iter().map(|(key, _)| key).collect()
    };
    for revision in [newest, newest + 1] {
        assert_eq!(keys(Keys::between("ab", "c"), revision), ["ab", "ab\u{0}", "b"]);
        assert_eq!(keys(Keys::prefix("ab"), revision), ["ab", "ab\u{0}"]);
        assert_eq!(keys(Keys::between("b", "a"), revision), [""; 0]);
    }
    assert_eq!(Keys::prefix([1, 255]), Keys::between([1, 255], [2]));
    assert_eq!(Keys::prefix([255]).to, None);
}

#[test]
fn pages_follow_on_each_other_as_of_one_revision() {
    let store = store();
    for number in 0..10 {
        put(&store, &format!("key {number}"), "old");
    }
    let mut page = store.range(&Keys::prefix("key"), 4, None).expect("it reads");
    let mut seen = Vec::new();
    loop {
        for number in 0..10 {
            put(&store, &format!("key {number}"), "new");
        }
        seen.extend(page.entries.iter().map(|entry| entry.versioned.value.clone()));
        let Some(next) = page.next else { break };
        let rest = Keys::prefix("key").starting(next);
        page = store.range(&rest, 4, Some(page.revision)).expect("it reads");
        assert!(page.entries.len() <= 4);
    }
    assert_eq!(seen, vec![b"old".to_vec(); 10]);
}

#[test]
fn changes_are_told_by_revision_and_only_those_of_the_prefix() {
    let store = store();
    put(&store, "x/1", "a");
    put(&store, "y/1", "b");
    commit(&store, Transaction::new().put("x/3", "c").put("x/2", "c").delete("x/1"));
    let changes = store.changes(b"x/", Revision(0), 100).expect("it reads");
    let expected = [(1, "x/1", true), (3, "x/1", false), (3, "x/2", true), (3, "x/3", true)];
    assert_eq!(
        told(&changes),
        expected.map(|(revision, key, put)| (revision, key.to_owned(), put))
    );
    assert_eq!(changes.through, Revision(3));

    let first = store.changes(b"x/", Revision(0), 1).expect("it reads");
    assert_eq!((first.events.len(), first.through), (1, Revision(1)));
    let second = store.changes(b"x/", first.through, 1).expect("it reads");
    assert_eq!(
        (second.events.len(), second.through),
        (3, Revision(3)),
        "a revision is told as a whole"
    );
    let none = store.changes(b"x/", second.through, 1).expect("it reads");
    assert_eq!((none.events.len(), none.through), (0, Revision(3)));
    assert!(matches!(store.changes(b"", Revision(4), 1), Err(Error::Future { .. })));
}

#[test]
fn what_is_compacted_is_refused_and_the_rest_is_as_before() {
    let (store, all) = (five(), Keys::all());
    store.compact(Revision(3)).expect("it compacts");
    let compacted = |result: Result<Vec<(String, String)>, Error>| {
        matches!(result, Err(Error::Compacted { compacted: Revision(3), .. }))
    };
    assert!(compacted(at(&store, &all, 2)));
    assert!(matches!(
        store.changes(b"", Revision(2), 9),
        Err(Error::Compacted { asked: Revision(2), .. })
    ));
    assert_eq!(at(&store, &all, 3).expect("it reads"), pairs(&[("a", "2"), ("b", "1")]));
    assert_eq!(at(&store, &all, 4).expect("it reads"), pairs(&[("a", "2")]));
    let changes = store.changes(b"", Revision(3), 9).expect("it reads");
    assert_eq!(told(&changes), [(4, "b".to_owned(), false), (5, "c".to_owned(), true)]);
    store.compact(Revision(1)).expect("what is compacted already is no error");
    assert!(compacted(at(&store, &all, 1)));
    assert!(matches!(store.compact(Revision(6)), Err(Error::Future { .. })));
    store.compact(Revision(5)).expect("it compacts");
    assert_eq!(at(&store, &all, 5).expect("it reads"), pairs(&[("a", "2"), ("c", "1")]));
}

#[test]
fn the_history_does_not_grow_for_ever() {
    let backend = CrashDisk::new();
    let limits = StoreLimits { history_revisions_max: 10, ..StoreLimits::default() };
    let store = RedbStore::open(disk(&backend), limits, 0).expect("it opens");
    for number in 0..100 {
        put(&store, "a", &number.to_string());
        commit(&store, Transaction::new().put(format!("gone {number}"), "x"));
        commit(&store, Transaction::new().delete(format!("gone {number}")));
    }
    assert!(matches!(
        at(&store, &Keys::all(), 289),
        Err(Error::Compacted { compacted: Revision(290), .. })
    ));
    assert_eq!(at(&store, &Keys::prefix("a"), 290).expect("it reads"), pairs(&[("a", "96")]));
    assert_eq!(store.rows(), (12, 10), "values of the history, and changes");
}
