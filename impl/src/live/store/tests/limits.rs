//! What is too much is refused, and the limit itself is not.

use super::super::{
    COMPARES_MAX, Error, KEY_BYTES_MAX, Keys, OPERATIONS_MAX, RedbStore, Refused, Revision, Store,
    StoreLimits, Transaction, VALUE_BYTES_MAX,
};
use super::backend::CrashDisk;
use super::{commit, disk, put, store};

fn too_much(transaction: Transaction) -> bool {
    let result = store().commit(transaction);
    let found =
        matches!(result, Err(Error::Refused(Refused::TooMuch { max, found, .. })) if found > max);
    assert_eq!(found, result.is_err(), "{result:?}");
    found
}

#[test]
fn transactions_have_limits() {
    let with = |key: usize, value: usize| Transaction::new().put(vec![b'k'; key], vec![0; value]);
    assert!(!too_much(with(KEY_BYTES_MAX, VALUE_BYTES_MAX)));
    assert!(too_much(with(KEY_BYTES_MAX + 1, 0)));
    assert!(too_much(with(1, VALUE_BYTES_MAX + 1)));
    assert!(too_much(Transaction::new().delete(vec![0; KEY_BYTES_MAX + 1])));
    assert!(too_much(Transaction::new().absent(vec![0; KEY_BYTES_MAX + 1]).delete("a")));

    let puts = |count: usize, bytes: usize| {
        (0..count)
            .fold(Transaction::new(), |all, number| all.put(format!("{number}"), vec![0; bytes]))
    };
    assert!(!too_much(puts(OPERATIONS_MAX - 1, 1).delete("x")));
    assert!(too_much(puts(OPERATIONS_MAX, 1).delete("x")));
    assert!(too_much(puts(9, VALUE_BYTES_MAX)));
    let compares = |count: usize| (0..count).fold(puts(1, 1), |all, _| all.absent("a"));
    assert!(!too_much(compares(COMPARES_MAX)));
    assert!(too_much(compares(COMPARES_MAX + 1)));
}

#[test]
fn transactions_that_make_no_sense_are_refused() {
    let refused = |transaction: Transaction| match store().commit(transaction) {
        Err(Error::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Transaction::new().absent("a")), Refused::Nothing);
    assert_eq!(refused(Transaction::new().put("", "1")), Refused::EmptyKey);
    assert_eq!(refused(Transaction::new().put("a", "1").put("a", "2")), Refused::KeyTwice);
    assert_eq!(refused(Transaction::new().put("a", "1").delete("a")), Refused::KeyTwice);
    assert!(matches!(store().range(&Keys::all(), 0, None), Err(Error::Refused(Refused::NoLimit))));
    assert!(matches!(store().changes(b"", Revision(0), 0), Err(Error::Refused(Refused::NoLimit))));
}

#[test]
fn a_full_store_takes_no_new_keys_but_changes_old_ones() {
    let limits = StoreLimits { keys_max: 2, ..StoreLimits::default() };
    let store = RedbStore::open(disk(&CrashDisk::new()), limits, 0).expect("it opens");
    put(&store, "a", "1");
    put(&store, "b", "1");
    let third = || Transaction::new().put("c", "1");
    assert!(matches!(store.commit(third()), Err(Error::Full { what: "keys", max: 2 })));
    put(&store, "a", "2");
    commit(&store, Transaction::new().delete("b"));
    commit(&store, third());
}

#[test]
fn a_batch_that_is_too_large_for_one_sync_is_done_in_several() {
    let store = store();
    let large = |number: usize| {
        let value = || vec![number as u8; VALUE_BYTES_MAX];
        (0..7).fold(Transaction::new(), |all, key| all.put(format!("{number} {key}"), value()))
    };
    let results = store.commit_all((0..8).map(large).collect());
    assert!(results.iter().all(Result::is_ok));
    let results = store.commit_all(
        (0..600).map(|number| Transaction::new().put("a", number.to_string())).collect(),
    );
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((results.len(), store.revision().expect("it reads")), (600, Revision(608)));
    // Pages end when they have bytes enough, and say so.
    let page = store.range(&Keys::all(), 1000, None).expect("it reads");
    assert!(page.entries.len() < 56 && page.next.is_some());
    assert!(store.commit_all(Vec::new()).is_empty());
}
