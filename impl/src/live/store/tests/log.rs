//! The file of the global server.

use redb::{Database, TableDefinition};

use super::super::{CHUNK_BYTES_MAX, Error, FileLog, LOG_BYTES_MAX, RedbStore, Store, StoreLimits};
use super::backend::CrashDisk;
use super::{disk, is_disk_error, put, value};

fn log(backend: &CrashDisk) -> FileLog {
    FileLog::open(disk(backend)).expect("the log opens")
}

fn read(log: &FileLog) -> Vec<u8> {
    log.read().expect("the log reads")
}

#[test]
fn a_file_is_appended_to_and_replaced() {
    let backend = CrashDisk::new();
    let file = log(&backend);
    assert_eq!(read(&file), b"");
    file.append(b"one ").expect("appended");
    file.append(b"").expect("appended");
    file.append(b"two").expect("appended");
    assert_eq!(read(&file), b"one two");
    file.replace(b"three").expect("replaced");
    file.append(b", four").expect("appended");
    assert_eq!(read(&file), b"three, four");
    let file = log(&backend.crash(3));
    assert_eq!(read(&file), b"three, four");
    file.replace(b"").expect("replaced");
    assert_eq!(read(&log(&backend.crash(3))), b"three, four", "the crashed disk is another one");
    assert_eq!(read(&file), b"");
}

#[test]
fn large_files_are_kept_in_chunks() {
    let backend = CrashDisk::new();
    let file = log(&backend);
    let bytes: Vec<u8> = (0..3 * CHUNK_BYTES_MAX + 7).map(|place| (place / 251) as u8).collect();
    file.append(b"before").expect("appended");
    file.replace(&bytes).expect("replaced");
    file.append(&bytes).expect("appended");
    assert_eq!(read(&log(&backend.crash(5))), [bytes.clone(), bytes.clone()].concat());
    file.replace(&bytes[..CHUNK_BYTES_MAX]).expect("replaced");
    assert_eq!(read(&file), bytes[..CHUNK_BYTES_MAX]);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let file = log(&CrashDisk::new());
    file.append(b"old").expect("appended");
    let large = vec![0; LOG_BYTES_MAX as usize];
    assert!(matches!(file.append(&large), Err(Error::Refused(_))));
    let larger = vec![0; LOG_BYTES_MAX as usize + 1];
    assert!(matches!(file.replace(&larger), Err(Error::Refused(_))));
    assert_eq!(read(&file), b"old");
}

#[test]
fn a_sync_that_fails_is_reported_and_leaves_the_old_or_the_new() {
    for seed in 0..20 {
        let backend = CrashDisk::new();
        let file = log(&backend);
        file.replace(b"old").expect("replaced");
        backend.fail_sync_after(0);
        let failed = if seed % 2 == 0 { file.replace(b"new") } else { file.append(b" new") };
        assert!(is_disk_error(&failed));
        assert!(is_disk_error(&file.append(b"more")));
        let is = read(&log(&backend.crash(seed)));
        let new: &[u8] = if seed % 2 == 0 { b"new" } else { b"old new" };
        assert!(is == b"old" || is == new, "{is:?}");
    }
}

#[test]
fn the_store_and_the_log_share_a_disk() {
    let backend = CrashDisk::new();
    let shared = disk(&backend);
    let store = RedbStore::open(shared.clone(), StoreLimits::default(), 0).expect("it opens");
    let file = FileLog::open(shared).expect("it opens");
    put(&store, "a", "1");
    file.append(b"bytes").expect("appended");
    assert_eq!(store.revision().expect("it reads").0, 1, "the log is no business of the store");
    let after = backend.crash(0);
    let shared = disk(&after);
    let store = RedbStore::open(shared.clone(), StoreLimits::default(), 0).expect("it opens");
    assert_eq!(value(&store, "a").as_deref(), Some("1"));
    assert_eq!(read(&FileLog::open(shared).expect("it opens")), b"bytes");
}

#[test]
fn a_file_of_which_something_is_missing_is_refused() {
    for (chunk, what) in
        [(1, "a chunk of the log is missing"), (2, "the log is not as long as it was")]
    {
        let backend = CrashDisk::new();
        let file = log(&backend);
        file.append(&vec![7; 2 * CHUNK_BYTES_MAX + 1]).expect("appended");
        drop(file);
        let database = Database::builder().create_with_backend(backend.clone()).expect("it opens");
        let transaction = database.begin_write().expect("it begins");
        let chunks: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log_chunks");
        transaction.open_table(chunks).expect("it opens").remove(chunk).expect("removed");
        transaction.commit().expect("it commits");
        drop(database);
        let read = log(&backend).read();
        assert!(matches!(read, Err(Error::Damaged { what: found }) if found == what), "{read:?}");
    }
}
