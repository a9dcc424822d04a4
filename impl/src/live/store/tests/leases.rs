//! Leases: keys that go when nobody keeps them alive.

use super::super::{
    Error, Happened, LeaseId, RedbStore, Refused, Revision, Store, StoreLimits, Transaction,
};
use super::backend::CrashDisk;
use super::{commit, disk, is_disk_error, open, put, store, value};

fn leased(store: &RedbStore, key: &str, lease: LeaseId) {
    commit(store, Transaction::new().put_leased(key, "1", lease));
}

#[test]
fn the_keys_of_a_lease_go_when_it_runs_out_and_no_others() {
    let store = store();
    let (short, long) =
        (store.grant(10, 100).expect("granted"), store.grant(20, 100).expect("granted"));
    leased(&store, "a", short);
    leased(&store, "b", short);
    leased(&store, "c", long);
    put(&store, "d", "1");
    let before = store.revision().expect("it reads");
    assert_eq!(store.expire(109).expect("it works"), []);
    let expired = store.expire(110).expect("it works");
    let revision = Revision(before.0 + 1);
    assert_eq!((expired.len(), expired[0].lease, expired[0].revision), (1, short, Some(revision)));
    assert_eq!(expired[0].keys, [b"a".to_vec(), b"b".to_vec()]);
    let left = ["a", "b", "c", "d"].map(|key| value(&store, key).is_some());
    assert_eq!(left, [false, false, true, true]);
    let changes = store.changes(b"", before, 9).expect("it reads");
    assert!(
        changes
            .events
            .iter()
            .all(|event| event.happened == Happened::Deleted && event.revision == revision)
    );
    assert_eq!(changes.events.len(), 2);
    assert_eq!(store.expire(110).expect("it works"), [], "a lease ends once");
}

#[test]
fn a_lease_that_is_kept_alive_lasts_and_one_that_ended_does_not_come_back() {
    let store = store();
    let lease = store.grant(10, 0).expect("granted");
    leased(&store, "a", lease);
    assert_eq!(store.keep_alive(lease, 9).expect("it runs"), 19);
    assert_eq!(store.keep_alive(lease, 5).expect("it runs"), 19, "a late call takes nothing away");
    assert_eq!(store.expire(18).expect("it works"), []);
    assert_eq!(store.expire(19).expect("it works").len(), 1);
    assert!(matches!(store.keep_alive(lease, 19), Err(Error::UnknownLease(_))));
    let late = store.commit(Transaction::new().put_leased("a", "2", lease));
    assert!(matches!(late, Err(Error::UnknownLease(_))));
    assert_eq!(value(&store, "a"), None);
}

#[test]
fn the_last_put_of_a_key_decides_its_lease() {
    let store = store();
    let (one, other) = (store.grant(10, 0).expect("granted"), store.grant(20, 0).expect("granted"));
    ["a", "b", "c"].iter().for_each(|key| leased(&store, key, one));
    put(&store, "a", "for good");
    leased(&store, "b", other);
    commit(&store, Transaction::new().delete("c"));
    put(&store, "c", "for good");
    let expired = store.expire(10).expect("it works");
    assert_eq!((expired.len(), expired[0].revision), (1, None), "it has no keys any more");
    assert_eq!(["a", "b", "c"].map(|key| value(&store, key).is_some()), [true; 3]);
    store.expire(20).expect("it works");
    assert_eq!(["a", "b", "c"].map(|key| value(&store, key).is_some()), [true, false, true]);
}

#[test]
fn a_lease_can_be_revoked() {
    let store = store();
    let lease = store.grant(10, 0).expect("granted");
    leased(&store, "a", lease);
    assert_eq!(store.revoke(lease).expect("it runs").keys, [b"a".to_vec()]);
    assert_eq!(value(&store, "a"), None);
    assert!(matches!(store.revoke(lease), Err(Error::UnknownLease(_))));
}

#[test]
fn after_a_start_leases_last_their_whole_time_anew_and_ids_go_on() {
    let backend = CrashDisk::new();
    let store = open(&backend);
    let lease = store.grant(10, 1000).expect("granted");
    leased(&store, "a", lease);
    let gone = store.grant(10, 1000).expect("granted");
    store.revoke(gone).expect("it runs");
    // The clock of the next start knows nothing of the last.
    let store =
        RedbStore::open(disk(&backend.crash(1)), StoreLimits::default(), 5).expect("it opens");
    assert_eq!(store.expire(14).expect("it works"), []);
    assert!(store.grant(10, 5).expect("granted") > gone, "an id is never given again");
    assert_eq!(store.expire(15).expect("it works")[0].lease, lease);
    assert_eq!(value(&store, "a"), None);
}

#[test]
fn when_the_disk_fails_a_lease_is_not_ended_yet() {
    let backend = CrashDisk::new();
    let store = open(&backend);
    let lease = store.grant(10, 0).expect("granted");
    leased(&store, "a", lease);
    backend.fail_sync_after(0);
    assert!(is_disk_error(&store.expire(10)));
    assert!(is_disk_error(&store.expire(10)), "it has still run out, and is not forgotten");
    assert!(is_disk_error(&store.grant(10, 0)));
}

#[test]
fn there_are_bounds() {
    let limits = StoreLimits { leases_max: 2, ..StoreLimits::default() };
    let store = RedbStore::open(disk(&CrashDisk::new()), limits, 0).expect("it opens");
    assert!(matches!(store.grant(0, 0), Err(Error::Refused(Refused::Ttl { ttl_us: 0 }))));
    assert!(matches!(store.grant(u64::MAX, 0), Err(Error::Refused(Refused::Ttl { .. }))));
    let lease = store.grant(10, 0).expect("granted");
    store.grant(20, 0).expect("granted");
    assert!(matches!(store.grant(10, 0), Err(Error::Full { max: 2, .. })));
    (0..128).for_each(|number| leased(&store, &format!("key {number}"), lease));
    leased(&store, "key 0", lease);
    let more = store.commit(Transaction::new().put_leased("one more", "1", lease));
    assert!(matches!(more, Err(Error::Full { what: "keys of a lease", .. })));
    assert_eq!(store.expire(10).expect("it works")[0].keys.len(), 128);
    store.grant(10, 0).expect("there is room again");
}
