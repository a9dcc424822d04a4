//! Accounts: names, numbers and credentials.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{
    AccountError, Accounts, Credentials, Holder, Outcome, RecordError, RedbStore, Store,
    Transaction, Verifier, simple_name,
};
use super::backend::CrashDisk;
use super::{commit, open, shared};

fn accounts(store: &Arc<RedbStore>) -> Accounts<RedbStore> {
    Accounts::new(Arc::clone(store), simple_name)
}

fn credentials(seed: u8) -> Credentials {
    let verifier = |bytes: usize| Verifier {
        salt: vec![seed; 16],
        iterations: 4096,
        stored_key: vec![seed; bytes],
        server_key: vec![seed; bytes],
    };
    Credentials { sha256: verifier(32), sha1: verifier(20) }
}

#[test]
fn accounts_are_added_found_and_listed() {
    let store = shared();
    let accounts = accounts(&store);
    for (number, name) in ["romeo", "juliet", "nurse"].into_iter().enumerate() {
        assert_eq!(accounts.add(name, &credentials(number as u8)).expect("added"), number as u16);
    }
    let juliet = accounts.get("juliet").expect("it reads").expect("she is there");
    assert_eq!((juliet.number, juliet.credentials), (1, credentials(1)));
    assert_eq!(accounts.get("paris").expect("it reads"), None);
    assert_eq!(accounts.get("no/name").expect("it reads"), None);
    let first = accounts.list("", 2).expect("it lists");
    let names: Vec<&str> = first.accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!((names, first.next.as_deref()), (vec!["juliet", "nurse"], Some("romeo")));
    let rest = accounts.list("romeo", 2).expect("it lists");
    assert_eq!((rest.accounts.len(), rest.accounts[0].number, rest.next), (1, 0, None));
}

#[test]
fn a_number_is_never_given_again() {
    let store = shared();
    let accounts = accounts(&store);
    accounts.add("romeo", &credentials(0)).expect("added");
    accounts.add("juliet", &credentials(0)).expect("added");
    accounts.remove("juliet").expect("removed");
    let removed = Holder { name: "juliet".to_owned(), removed: true };
    assert_eq!(accounts.by_number(1).expect("it reads"), Some(removed.clone()));
    assert!(matches!(accounts.remove("juliet"), Err(AccountError::NoAccount)));
    assert_eq!(accounts.get("juliet").expect("it reads"), None);
    assert_eq!(accounts.add("juliet", &credentials(1)).expect("added"), 2);
    assert_eq!(accounts.by_number(1).expect("it reads"), Some(removed));
    let holder = Holder { name: "juliet".to_owned(), removed: false };
    assert_eq!(accounts.by_number(2).expect("it reads"), Some(holder));
    assert_eq!(accounts.by_number(3).expect("it reads"), None);
}

#[test]
fn of_those_who_add_the_same_name_one_wins_and_numbers_stay_dense() {
    let store = shared();
    let add = |thread: u8| -> Vec<u16> {
        let accounts = accounts(&store);
        let mut numbers = Vec::new();
        for name in ["a", "b", "c", "d", "e"] {
            match accounts.add(name, &credentials(thread)) {
                Ok(number) => numbers.push(number),
                Err(error) => assert!(matches!(error, AccountError::Taken), "{error}"),
            }
        }
        numbers
    };
    let numbers: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || add(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it does not panic")).collect()
    });
    assert_eq!(numbers.len(), 5, "each name is given once");
    assert_eq!(BTreeSet::from_iter(numbers), BTreeSet::from([0, 1, 2, 3, 4]));
}

#[test]
fn all_numbers_can_be_given_and_no_more() {
    let store = shared();
    let accounts = accounts(&store);
    accounts.add("first", &credentials(0)).expect("added");
    // As if all but one were given: the version, then 65535 in postcard's encoding.
    commit(&*store, Transaction::new().put("accounts/next", [1, 0xff, 0xff, 0x03]));
    assert_eq!(accounts.add("last", &credentials(0)).expect("added"), u16::MAX);
    assert!(matches!(accounts.add("one more", &credentials(0)), Err(AccountError::NoName)));
    assert!(matches!(accounts.add("more", &credentials(0)), Err(AccountError::NumbersExhausted)));
}

#[test]
fn credentials_are_changed() {
    let store = shared();
    let accounts = accounts(&store);
    let number = accounts.add("romeo", &credentials(0)).expect("added");
    accounts.set_credentials("romeo", &credentials(9)).expect("changed");
    let romeo = accounts.get("romeo").expect("it reads").expect("he is there");
    assert_eq!((romeo.number, romeo.credentials), (number, credentials(9)));
    assert!(matches!(
        accounts.set_credentials("juliet", &credentials(9)),
        Err(AccountError::NoAccount)
    ));
}

#[test]
fn names_and_credentials_have_bounds() {
    let store = shared();
    let accounts = accounts(&store);
    let long = "n".repeat(256);
    for name in ["", "a@b", "a/b", "a b", "a\u{a0}b", "a\u{7}", "a\n", long.as_str()] {
        assert!(
            matches!(accounts.add(name, &credentials(0)), Err(AccountError::NoName)),
            "{name:?}"
        );
    }
    accounts.add(&long[..255], &credentials(0)).expect("added");
    let strict = Accounts::new(Arc::clone(&store), |name| name.starts_with('x'));
    assert!(matches!(strict.add("romeo", &credentials(0)), Err(AccountError::NoName)));

    let refused = |change: fn(&mut Credentials)| {
        let mut credentials = credentials(0);
        change(&mut credentials);
        match accounts.add("romeo", &credentials) {
            Err(AccountError::Record(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|credentials| credentials.sha1.salt.clear()), RecordError::Salt);
    assert_eq!(refused(|credentials| credentials.sha256.salt = vec![0; 65]), RecordError::Salt);
    assert_eq!(refused(|credentials| credentials.sha256.iterations = 0), RecordError::Iterations);
    assert_eq!(
        refused(|credentials| credentials.sha1.iterations = u32::MAX),
        RecordError::Iterations
    );
    assert_eq!(refused(|credentials| credentials.sha256.stored_key.push(0)), RecordError::Key);
    assert_eq!(refused(|credentials| credentials.sha1.server_key = vec![0; 32]), RecordError::Key);
}

#[test]
fn records_that_are_not_understood_are_refused() {
    let store = shared();
    let accounts = accounts(&store);
    accounts.add("romeo", &credentials(0)).expect("added");
    let kept = store.get(b"accounts/name/romeo").expect("it reads").expect("he is there").value;
    let with = |bytes: Vec<u8>| {
        commit(&*store, Transaction::new().put("accounts/name/romeo", bytes));
        match accounts.get("romeo") {
            Err(AccountError::Record(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with([&[2], &kept[1..]].concat()), RecordError::UnknownVersion { version: 2 });
    assert_eq!(with([kept.as_slice(), &[0]].concat()), RecordError::Malformed);
    assert_eq!(with(kept[..kept.len() - 1].to_vec()), RecordError::Malformed);
    assert_eq!(with(Vec::new()), RecordError::Malformed);
    assert_eq!(with(vec![1; 20_000]), RecordError::TooLarge { bytes: 20_000 });
    // A length that promises more than there is.
    assert_eq!(with(vec![1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]), RecordError::Malformed);
    commit(&*store, Transaction::new().put("accounts/name/romeo", kept));
    assert!(accounts.get("romeo").expect("it reads").is_some());
}

#[test]
fn credentials_are_not_printed() {
    let text = format!("{:?}", credentials(77));
    assert!(text.contains("4096") && !text.contains("77"), "{text}");
}

#[test]
fn accounts_survive_a_crash() {
    let backend = CrashDisk::new();
    let store = Arc::new(open(&backend));
    accounts(&store).add("romeo", &credentials(3)).expect("added");
    backend.cut_power_after(1);
    assert!(matches!(accounts(&store).add("juliet", &credentials(3)), Err(AccountError::Store(_))));
    for seed in 0..20 {
        let store = Arc::new(open(&backend.crash(seed)));
        let accounts = accounts(&store);
        assert_eq!(accounts.get("romeo").expect("it reads").map(|account| account.number), Some(0));
        let there = accounts.get("juliet").expect("it reads").is_some();
        assert_eq!(
            there,
            accounts.by_number(1).expect("it reads").is_some(),
            "wholly or not at all"
        );
        let outcome =
            store.commit(Transaction::new().absent("other").put("other", "1")).expect("no error");
        assert!(matches!(outcome, Outcome::Committed { .. }));
    }
}
