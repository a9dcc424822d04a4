//! Others come in between of what is read and what is committed.

use std::sync::{Arc, Mutex};

use super::super::{
    AccountError, Accounts, Changes, Credentials, Error, Expired, Keys, LeaseId, Outcome, Page,
    RedbStore, Revision, Store, Transaction, Versioned, simple_name,
};
use super::documents::credentials;
use super::{put, shared};

type Meddle = Box<dyn FnMut(&Accounts<RedbStore>) + Send>;

/// A store in which others do something right before each commit, so many times.
struct Meddled {
    store: Arc<RedbStore>,
    meddle: Mutex<(u32, Meddle)>,
}

impl Store for Meddled {
    fn revision(&self) -> Result<Revision, Error> {
        self.store.revision()
    }
    fn get(&self, key: &[u8]) -> Result<Option<Versioned>, Error> {
        self.store.get(key)
    }
    fn range(&self, keys: &Keys, limit: usize, at: Option<Revision>) -> Result<Page, Error> {
        self.store.range(keys, limit, at)
    }
    fn commit_all(&self, transactions: Vec<Transaction>) -> Vec<Result<Outcome, Error>> {
        let mut meddle = self.meddle.lock().expect("no holder panics");
        if meddle.0 > 0 {
            meddle.0 -= 1;
            (meddle.1)(&Accounts::new(Arc::clone(&self.store), simple_name));
        }
        self.store.commit_all(transactions)
    }
    fn changes(&self, prefix: &[u8], after: Revision, limit: usize) -> Result<Changes, Error> {
        self.store.changes(prefix, after, limit)
    }
    fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.store.compact(revision)
    }
    fn grant(&self, ttl_us: u64, now_us: u64) -> Result<LeaseId, Error> {
        self.store.grant(ttl_us, now_us)
    }
    fn keep_alive(&self, lease: LeaseId, now_us: u64) -> Result<u64, Error> {
        self.store.keep_alive(lease, now_us)
    }
    fn revoke(&self, lease: LeaseId) -> Result<Expired, Error> {
        self.store.revoke(lease)
    }
    fn expire(&self, now_us: u64) -> Result<Vec<Expired>, Error> {
        self.store.expire(now_us)
    }
}

/// Accounts, and the same ones while others come in between.
struct Both {
    store: Arc<RedbStore>,
    calm: Accounts<RedbStore>,
    meddled: Accounts<Meddled>,
}

fn both(times: u32, meddle: impl FnMut(&Accounts<RedbStore>) + Send + 'static) -> Both {
    let store = shared();
    let calm = Accounts::new(Arc::clone(&store), simple_name);
    calm.add("romeo", &credentials()).expect("added");
    let meddled =
        Meddled { store: Arc::clone(&store), meddle: Mutex::new((times, Box::new(meddle))) };
    Both { store, calm, meddled: Accounts::new(Arc::new(meddled), simple_name) }
}

fn documents_left(store: &RedbStore) -> usize {
    store.range(&Keys::prefix("private/"), 100, None).expect("it reads").entries.len()
}

fn other() -> Credentials {
    let mut credentials = credentials();
    credentials.sha1.iterations = 77;
    credentials
}

#[test]
fn somebody_adds_another_account() {
    let both = both(1, |others| assert_eq!(others.add("nurse", &credentials()).expect("added"), 1));
    assert_eq!(both.meddled.add("juliet", &credentials()).expect("added"), 2);
    assert_eq!(
        both.calm.by_number(1).expect("it reads").map(|holder| holder.name).as_deref(),
        Some("nurse")
    );
}

#[test]
fn somebody_adds_the_same_account() {
    let both = both(1, |others| drop(others.add("juliet", &other())));
    assert!(matches!(both.meddled.add("juliet", &credentials()), Err(AccountError::Taken)));
    let juliet = both.calm.get("juliet").expect("it reads").expect("she is there");
    assert_eq!((juliet.number, juliet.credentials), (1, other()));
    assert_eq!(both.calm.by_number(2).expect("it reads"), None);
}

#[test]
fn somebody_removes_the_account() {
    let remove = |others: &Accounts<RedbStore>| others.remove("romeo").expect("removed");
    let one = both(1, remove);
    assert!(matches!(one.meddled.set_credentials("romeo", &other()), Err(AccountError::NoAccount)));
    assert_eq!(one.calm.get("romeo").expect("it reads"), None);
    let one = both(1, remove);
    assert!(matches!(one.meddled.remove("romeo"), Err(AccountError::NoAccount)));
    let one = both(1, remove);
    assert!(matches!(
        one.meddled.put_private(0, "roster", b"1", None),
        Err(AccountError::NoAccount)
    ));
    assert_eq!(documents_left(&one.store), 0);
}

#[test]
fn somebody_changes_the_credentials_of_what_is_removed() {
    let both = both(1, |others| others.set_credentials("romeo", &other()).expect("changed"));
    both.meddled.remove("romeo").expect("removed");
    assert_eq!(both.calm.get("romeo").expect("it reads"), None);
}

#[test]
fn somebody_adds_a_document() {
    let add = |others: &Accounts<RedbStore>| {
        others.put_private(0, "roster", b"1", None).expect("put");
    };
    let one = both(1, add);
    one.meddled.remove("romeo").expect("removed");
    assert_eq!(documents_left(&one.store), 0, "a document outlives its account");
    let one = both(1, add);
    one.meddled.put_private(0, "bookmarks", b"1", None).expect("put");
    one.calm.remove("romeo").expect("removed");
    assert_eq!(documents_left(&one.store), 0, "a document is not in the index");
}

#[test]
fn others_come_in_between_for_ever() {
    let mut names = (0..).map(|number| format!("nurse-{number}"));
    let add = move |others: &Accounts<RedbStore>| {
        others.add(&names.next().expect("there is always one"), &credentials()).expect("added");
    };
    let both = both(u32::MAX, add);
    assert!(matches!(both.meddled.add("juliet", &credentials()), Err(AccountError::Contended)));
    put(&*both.store, "still", "usable");
}
