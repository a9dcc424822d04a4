//! The real file, and what is done with one that is not as it should be.

use std::path::{Path, PathBuf};

use redb::{Database, TableDefinition};

use super::super::{Disk, DiskOptions, Error, FileLog, RedbStore, StoreLimits, Transaction};
use super::backend::CrashDisk;
use super::model::Model;
use super::{OPTIONS, commit, disk, is_disk_error, open, put, value};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder =
            std::env::temp_dir().join(format!("spillway-store-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder is made");
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn open_file(path: &Path) -> Result<RedbStore, Error> {
    RedbStore::open(Disk::open(path, DiskOptions::default())?, StoreLimits::default(), 0)
}

#[test]
fn a_file_is_opened_by_one_at_a_time_and_keeps_what_it_got() {
    let folder = Folder::new("file");
    let path = folder.0.join("store.redb");
    let store = open_file(&path).expect("it is made");
    put(&store, "a", "1");
    assert!(is_disk_error(&open_file(&path)), "it is open already");
    drop(store);
    assert_eq!(value(&open_file(&path).expect("it opens"), "a").as_deref(), Some("1"));
    assert!(is_disk_error(&open_file(&folder.0.join("no such folder/store.redb"))));
    std::fs::write(folder.0.join("text"), vec![b'x'; 100_000]).expect("it is written");
    assert!(is_disk_error(&open_file(&folder.0.join("text"))));
}

#[test]
fn a_file_that_a_crash_left_unfinished_is_made_anew() {
    let folder = Folder::new("unfinished");
    let (path, unfinished) = (folder.0.join("store.redb"), folder.0.join("store.redb.new"));
    std::fs::write(&unfinished, vec![0; 70_000]).expect("it is written");
    put(&open_file(&path).expect("it is made"), "a", "1");
    assert!(path.exists() && !unfinished.exists());
    // What is in its place is never made anew: it may have been a store.
    std::fs::write(&path, []).expect("it is written");
    assert!(is_disk_error(&open_file(&path)));
    std::fs::write(&path, vec![0; 70_000]).expect("it is written");
    assert!(is_disk_error(&open_file(&path)));
}

#[test]
fn a_format_that_is_not_known_is_refused() {
    let backend = CrashDisk::new();
    let database = Database::builder().create_with_backend(backend.clone()).expect("it opens");
    let transaction = database.begin_write().expect("it begins");
    let meta: TableDefinition<'_, &str, u64> = TableDefinition::new("store_meta");
    transaction.open_table(meta).expect("it opens").insert("format", 2).expect("it is put");
    transaction.commit().expect("it commits");
    drop(database);
    let refused = RedbStore::open(disk(&backend), StoreLimits::default(), 0);
    assert!(matches!(refused, Err(Error::UnknownFormat { found: 2 })));
}

#[test]
fn damage_is_found_when_all_is_checked() {
    let backend = CrashDisk::new();
    let store = open(&backend);
    for number in 0..30 {
        put(&store, &format!("key {number}"), &"value ".repeat(100));
    }
    commit(&store, Transaction::new().delete("key 3"));
    drop(store);
    let bytes = usize::try_from(redb::StorageBackend::len(&backend).expect("it has power"))
        .expect("it is small");
    let read = |backend: CrashDisk| -> Result<Model, Error> {
        let disk = Disk::open_backend(backend, DiskOptions { checked: true, ..OPTIONS })?;
        let store = RedbStore::open(disk.clone(), StoreLimits::default(), 0)?;
        Ok(Model::of(&store, &FileLog::open(disk)?))
    };
    let whole = read(backend.crash(0)).expect("it is not damaged");
    let (mut found, mut harmless) = (0, 0);
    for place in (0..bytes).step_by(509) {
        match read(backend.damage(place)) {
            Ok(is) if is == whole => harmless += 1, // nobody looks at this byte
            Ok(_) => panic!("byte {place} is damaged, and it is read as if it were not"),
            Err(_) => found += 1,
        }
    }
    assert!(found > 10 && harmless > 10, "{found} found, {harmless} harmless");
}
