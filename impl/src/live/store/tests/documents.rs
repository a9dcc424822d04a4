//! Private documents.

use std::sync::Arc;

use super::super::{
    AccountError, Accounts, Credentials, DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, Expected, Keys,
    RedbStore, Store, Verifier, simple_name,
};
use super::shared;

pub(super) fn credentials() -> Credentials {
    let verifier = |bytes: usize| Verifier {
        salt: vec![1],
        iterations: 1,
        stored_key: vec![0; bytes],
        server_key: vec![0; bytes],
    };
    Credentials { sha256: verifier(32), sha1: verifier(20) }
}

fn accounts(store: &Arc<RedbStore>) -> Accounts<RedbStore> {
    let accounts = Accounts::new(Arc::clone(store), simple_name);
    accounts.add("romeo", &credentials()).expect("added");
    accounts.add("juliet", &credentials()).expect("added");
    accounts
}

fn read(accounts: &Accounts<RedbStore>, user: u16, name: &str) -> Option<Vec<u8>> {
    accounts.get_private(user, name).expect("it reads").map(|versioned| versioned.value)
}

#[test]
fn documents_belong_to_one_user() {
    let accounts = accounts(&shared());
    accounts.put_private(0, "roster", b"juliet", None).expect("put");
    accounts.put_private(1, "roster", b"romeo", None).expect("put");
    accounts.put_private(0, "roster", b"juliet, nurse", None).expect("put");
    assert_eq!(read(&accounts, 0, "roster").as_deref(), Some(b"juliet, nurse".as_slice()));
    assert_eq!(read(&accounts, 1, "roster").as_deref(), Some(b"romeo".as_slice()));
    assert_eq!(read(&accounts, 0, "bookmarks"), None);
    assert!(matches!(accounts.put_private(2, "roster", b"", None), Err(AccountError::NoAccount)));
}

#[test]
fn a_document_is_changed_only_if_it_is_the_one_expected() {
    let accounts = accounts(&shared());
    let absent = Some(Expected::Absent);
    let made = accounts.put_private(0, "roster", b"1", absent).expect("put");
    assert!(matches!(accounts.put_private(0, "roster", b"2", absent), Err(AccountError::Changed)));
    let changed =
        accounts.put_private(0, "roster", b"2", Some(Expected::Modified(made))).expect("put");
    let stale = accounts.put_private(0, "roster", b"3", Some(Expected::Modified(made)));
    assert!(matches!(stale, Err(AccountError::Changed)));
    let kept = accounts.get_private(0, "roster").expect("it reads").expect("it is there");
    assert_eq!((kept.value.as_slice(), kept.modified), (b"2".as_slice(), changed));
}

#[test]
fn documents_go_with_their_account() {
    let store = shared();
    let accounts = accounts(&store);
    for number in 0..DOCUMENTS_MAX {
        accounts.put_private(0, &format!("document {number}"), b"1", None).expect("put");
    }
    accounts.put_private(1, "roster", b"1", None).expect("put");
    accounts.remove("romeo").expect("removed");
    assert!(matches!(accounts.put_private(0, "roster", b"1", None), Err(AccountError::NoAccount)));
    let left = store.range(&Keys::prefix("private/document/"), 100, None).expect("it reads");
    assert_eq!(left.entries.len(), 1, "that of the other user is left");
}

#[test]
fn documents_have_bounds() {
    let accounts = accounts(&shared());
    let put = |name: &str, bytes: usize| accounts.put_private(0, name, &vec![0; bytes], None);
    put("roster", DOCUMENT_BYTES_MAX).expect("put");
    assert!(matches!(
        put("roster", DOCUMENT_BYTES_MAX + 1),
        Err(AccountError::DocumentTooLarge { .. })
    ));
    assert!(matches!(put("", 1), Err(AccountError::NoDocumentName)));
    assert!(matches!(put(&"n".repeat(256), 1), Err(AccountError::NoDocumentName)));
    for number in 1..DOCUMENTS_MAX {
        put(&format!("{number:0255}"), 1).expect("put");
    }
    assert!(matches!(put("one more", 1), Err(AccountError::TooManyDocuments)));
    put("roster", 2).expect("an old one can be changed");
}
