//! Compare and set, revisions, and what fails.

use super::super::{Error, Outcome, Revision, Store, Transaction, Versioned};
use super::backend::CrashDisk;
use super::{commit, is_disk_error, open, put, store, value};

#[test]
fn a_key_knows_when_it_was_created_and_modified() {
    let store = store();
    let first = put(&store, "a", "1");
    let second = put(&store, "a", "2");
    let versioned = Versioned { value: b"2".to_vec(), created: first, modified: second };
    assert_eq!(store.get(b"a").expect("it reads"), Some(versioned));
    assert_eq!((first, second), (Revision(1), Revision(2)));

    commit(&store, Transaction::new().delete("a"));
    assert_eq!(store.get(b"a").expect("it reads"), None);
    let anew = put(&store, "a", "3");
    assert_eq!(store.get(b"a").expect("it reads").map(|versioned| versioned.created), Some(anew));
}

#[test]
fn a_comparison_that_does_not_hold_changes_nothing() {
    let store = store();
    let made = put(&store, "a", "1");
    let again = Transaction::new().unchanged("a", made).absent("a").put("a", "2").put("b", "2");
    assert_eq!(store.commit(again).expect("no error"), Outcome::Conflict { which: 1 });
    let stale = Transaction::new().unchanged("a", Revision(made.0 + 1)).put("a", "2");
    assert_eq!(store.commit(stale).expect("no error"), Outcome::Conflict { which: 0 });
    let gone = Transaction::new().unchanged("b", made).put("a", "2");
    assert_eq!(store.commit(gone).expect("no error"), Outcome::Conflict { which: 0 });
    assert_eq!((value(&store, "a").as_deref(), value(&store, "b")), (Some("1"), None));
    assert_eq!(store.revision().expect("it reads"), made);
    commit(&store, Transaction::new().unchanged("a", made).absent("b").put("a", "2"));
    assert_eq!(value(&store, "a").as_deref(), Some("2"));
}

#[test]
fn the_transactions_of_a_batch_are_judged_one_after_the_other() {
    let store = store();
    let take = |value: &str| Transaction::new().absent("a").put("a", value);
    let twice = Transaction::new().put("b", "1").delete("b");
    let follow = Transaction::new().unchanged("a", Revision(1)).put("b", "2");
    let results = store.commit_all(vec![take("first"), take("second"), twice, follow]);
    assert!(matches!(results[0], Ok(Outcome::Committed { revision: Revision(1) })));
    assert!(matches!(results[1], Ok(Outcome::Conflict { which: 0 })));
    assert!(matches!(results[2], Err(Error::Refused(_))));
    assert!(matches!(results[3], Ok(Outcome::Committed { revision: Revision(2) })));
    assert_eq!(
        (value(&store, "a").as_deref(), value(&store, "b").as_deref()),
        (Some("first"), Some("2"))
    );
}

#[test]
fn a_batch_costs_as_few_operations_of_the_disk_as_one_transaction_nearly() {
    let (one, many) = (CrashDisk::new(), CrashDisk::new());
    let put = |number: u64| Transaction::new().put(format!("key {number}"), "value");
    let (single, batched) = (open(&one), open(&many));
    let before = (one.operations(), many.operations());
    (0..50).for_each(|number| drop(single.commit(put(number))));
    batched.commit_all((0..50).map(put).collect());
    let (single, batched) = (one.operations() - before.0, many.operations() - before.1);
    assert!(batched * 10 < single, "50 at once took {batched} operations, one by one {single}");
}

#[test]
fn a_conflict_takes_no_sync() {
    let disk = CrashDisk::new();
    let store = open(&disk);
    put(&store, "a", "1");
    let before = disk.operations();
    let outcome = store.commit(Transaction::new().absent("a").put("a", "2"));
    assert!(matches!(outcome, Ok(Outcome::Conflict { which: 0 })));
    assert_eq!(disk.operations(), before);
}

#[test]
fn a_sync_that_fails_is_reported_to_all_of_the_batch_and_ends_the_changes() {
    let disk = CrashDisk::new();
    let store = open(&disk);
    put(&store, "a", "1");
    disk.fail_sync_after(0);
    let change = |value: &str| Transaction::new().put("a", value);
    let results = store.commit_all(vec![
        change("2"),
        Transaction::new().absent("a").put("a", "x"),
        change("3"),
    ]);
    assert!(results.iter().all(is_disk_error), "{results:?}");
    let text = results[0].as_ref().map_err(Error::to_string).expect_err("it failed");
    assert!(text.contains("committing transactions") && text.contains("the sync failed"), "{text}");
    // The next sync would work, but the disk is not believed again before a new start.
    assert!(is_disk_error(&store.commit(change("4"))));
    for seed in 0..20 {
        let value = value(&open(&disk.crash(seed)), "a");
        assert!(matches!(value.as_deref(), Some("1" | "3")), "{value:?}");
    }
}

#[test]
fn one_process_can_use_it_from_many_threads() {
    let store = store();
    let count = || -> u64 {
        let mut lost = 0;
        for _ in 0..20 {
            let versioned = store.get(b"n").expect("it reads");
            let (number, modified) =
                versioned.map_or((0, None), |kept| (kept.value[0], Some(kept.modified)));
            let next = Transaction::new().put("n", [number + 1]);
            let next = match modified {
                None => next.absent("n"),
                Some(modified) => next.unchanged("n", modified),
            };
            lost +=
                u64::from(store.commit(next).expect("no error") == Outcome::Conflict { which: 0 });
        }
        lost
    };
    let lost: u64 = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(count));
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum()
    });
    let number = store.get(b"n").expect("it reads").expect("it is there").value[0];
    assert_eq!(u64::from(number), 80 - lost);
}
