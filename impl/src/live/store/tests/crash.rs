//! The power goes at any moment, again and again: what was acknowledged is there afterwards, and what was not is there
//! wholly or not at all.

use std::cell::Cell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseError, TestError, TestRunner};

use super::super::{
    Compare, Disk, Error, Expected, FileLog, Outcome, Put, RedbStore, Revision, Store, StoreLimits,
    Transaction,
};
use super::backend::CrashDisk;
use super::model::Model;
use super::{OPTIONS, is_disk_error};

/// Runs of a property.
const CASES: u32 = 300;
/// Runs in which a missing sync must be found.
const CASES_UNSYNCED: u32 = 20;
/// Keys, few, so that transactions meet.
const KEYS: u8 = 5;

/// Something that is done to the store, or to its power.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Change>),
    Append(Vec<u8>),
    Replace(Vec<u8>),
    /// Compacts so many revisions before the newest.
    Compact(u64),
    /// The power goes after so many operations of the disk, whatever is being done then.
    CutPowerAfter(u64),
    /// The sync fails that comes after so many.
    FailSyncAfter(u64),
    /// The power goes between two steps.
    Crash(u64),
    /// An orderly stop.
    Reopen,
}

/// A transaction, with its comparison against what is really there, or not.
#[derive(Clone, Debug)]
struct Change {
    compared: Option<(u8, bool)>,
    puts: Vec<(u8, usize)>,
    delete: Option<u8>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = (
        proptest::option::of((0..KEYS, prop::bool::weighted(0.8))),
        vec((0..KEYS, prop_oneof![4 => 0usize..50, 1 => 0usize..9000]), 1..4),
        proptest::option::weighted(0.3, 0..KEYS),
    );
    let change = change.prop_map(|(compared, puts, delete)| Change { compared, puts, delete });
    let bytes = || vec(any::<u8>(), 0..3000);
    let step = prop_oneof![
        10 => vec(change, 1..5).prop_map(Step::Commit),
        3 => bytes().prop_map(Step::Append),
        1 => bytes().prop_map(Step::Replace),
        1 => (0u64..6).prop_map(Step::Compact),
        3 => (1u64..60).prop_map(Step::CutPowerAfter),
        1 => (0u64..4).prop_map(Step::FailSyncAfter),
        2 => any::<u64>().prop_map(Step::Crash),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..40)
}

/// The system under test, and what it must be.
struct Run {
    backend: CrashDisk,
    synced: bool,
    store: RedbStore,
    log: FileLog,
    model: Model,
    /// What it was before, whenever something was acknowledged.
    past: Vec<Model>,
    crashes: u64,
    /// How often what was not acknowledged was not there after a crash, and how often it was.
    undecided: [u32; 2],
}

fn open(backend: &CrashDisk, synced: bool) -> Result<(RedbStore, FileLog), Error> {
    let disk = Disk::open_backend(backend.clone(), OPTIONS)?;
    let disk = if synced { disk } else { disk.without_sync() };
    Ok((RedbStore::open(disk.clone(), StoreLimits::default(), 0)?, FileLog::open(disk)?))
}

fn fail(reason: String) -> TestCaseError {
    TestCaseError::fail(reason)
}

impl Run {
    fn begin(synced: bool) -> Run {
        let backend = CrashDisk::new();
        let (store, log) = open(&backend, synced).expect("an empty disk opens");
        Run {
            backend,
            synced,
            store,
            log,
            model: Model::new(),
            past: Vec::new(),
            crashes: 0,
            undecided: [0; 2],
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let mut after = self.model.clone();
        let done = match step {
            Step::Commit(changes) => return self.commit(changes),
            Step::Append(bytes) => {
                after.log.extend(bytes);
                self.log.append(bytes)
            }
            Step::Replace(bytes) => {
                after.log.clone_from(bytes);
                self.log.replace(bytes)
            }
            Step::Compact(before) => {
                let revision = Revision(self.model.newest().0.0.saturating_sub(*before));
                after.compact(revision);
                self.store.compact(revision)
            }
            Step::CutPowerAfter(operations) => {
                self.backend.cut_power_after(*operations);
                Ok(())
            }
            Step::FailSyncAfter(syncs) => {
                self.backend.fail_sync_after(*syncs);
                Ok(())
            }
            Step::Crash(seed) => return self.crash(*seed, None),
            Step::Reopen => return self.reopen(),
        };
        self.settle(done.is_ok(), after)
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), TestCaseError> {
        let transactions: Vec<Transaction> =
            changes.iter().map(|change| self.transaction(change)).collect();
        let mut after = self.model.clone();
        let expected: Vec<Outcome> =
            transactions.iter().map(|transaction| after.commit(transaction)).collect();
        let results = self.store.commit_all(transactions);
        if results.iter().all(is_disk_error) {
            return self.settle(false, after);
        }
        let results: Result<Vec<Outcome>, Error> = results.into_iter().collect();
        let results =
            results.map_err(|error| fail(format!("only part of a batch failed: {error}")))?;
        prop_assert_eq!(results, expected);
        self.settle(true, after)
    }

    fn transaction(&self, change: &Change) -> Transaction {
        let (newest, values) = self.model.newest();
        let mut transaction = Transaction::new();
        if let Some((key, right)) = change.compared {
            let expected = match values.get([key].as_slice()) {
                None => Expected::Absent,
                Some(versioned) => Expected::Modified(versioned.modified),
            };
            let expected =
                if right { expected } else { Expected::Modified(Revision(newest.0 + 100)) };
            transaction.compares.push(Compare { key: vec![key], expected });
        }
        for (key, bytes) in &change.puts {
            if transaction.puts.iter().all(|put| put.key != [*key]) {
                let value = vec![newest.0 as u8; *bytes];
                transaction.puts.push(Put { key: vec![*key], value, lease: None });
            }
        }
        let deleted =
            change.delete.filter(|key| transaction.puts.iter().all(|put| put.key != [*key]));
        transaction.deletes.extend(deleted.map(|key| vec![key]));
        transaction
    }

    /// What was acknowledged is so from now on. If it was not, nothing more is done before the next start, and it is
    /// left open which of the two it is.
    fn settle(&mut self, acknowledged: bool, after: Model) -> Result<(), TestCaseError> {
        if acknowledged {
            self.past.push(std::mem::replace(&mut self.model, after));
            return Ok(());
        }
        let refused = self.store.commit(Transaction::new().put("after", "a failure"));
        prop_assert!(
            is_disk_error(&refused),
            "the store went on after the disk failed: {:?}",
            refused
        );
        self.crash(self.crashes, Some(after))
    }

    fn crash(&mut self, seed: u64, under_way: Option<Model>) -> Result<(), TestCaseError> {
        self.crashes += 1;
        let backend = self.backend.crash(seed);
        // Now and then the power goes while what is left is put in order.
        let backend = if seed.is_multiple_of(3) {
            cut_while_opening(&backend, seed, self.synced)
        } else {
            backend
        };
        self.start(backend)?;
        self.judge(under_way)
    }

    fn start(&mut self, backend: CrashDisk) -> Result<(), TestCaseError> {
        let opened = open(&backend, self.synced);
        (self.store, self.log) =
            opened.map_err(|error| fail(format!("it does not open any more: {error}")))?;
        self.backend = backend;
        Ok(())
    }

    fn judge(&mut self, under_way: Option<Model>) -> Result<(), TestCaseError> {
        let is = Model::of(&self.store, &self.log);
        let is_whole = under_way.as_ref() == Some(&is);
        if is != self.model && !is_whole {
            let (found, acknowledged) = (is.newest().0, self.model.newest().0);
            let what = if self.past.contains(&is) { "lost" } else { "mixed up" };
            return Err(fail(format!(
                "{what}: {found} is there, and {acknowledged} was acknowledged"
            )));
        }
        if under_way.is_some_and(|under_way| under_way != self.model) {
            self.undecided[usize::from(is_whole)] += 1;
        }
        self.model = is;
        Ok(())
    }

    /// An orderly stop syncs what there is. The power may go in it, as it may whenever the disk is used.
    fn reopen(&mut self) -> Result<(), TestCaseError> {
        let (spare, spare_log) = open(&CrashDisk::new(), true).expect("an empty disk opens");
        drop((
            std::mem::replace(&mut self.store, spare),
            std::mem::replace(&mut self.log, spare_log),
        ));
        self.crash(self.crashes, None)
    }
}

/// The disk after the power went while it was being opened.
fn cut_while_opening(backend: &CrashDisk, seed: u64, synced: bool) -> CrashDisk {
    backend.cut_power_after(seed % 17);
    drop(open(backend, synced));
    backend.crash(seed)
}

/// Runs the property, as many cases as asked for. Returns also how often what was not acknowledged was not there after a
/// crash, and how often it was.
fn run(synced: bool, cases: u32) -> (Result<(), TestError<Vec<Step>>>, [u32; 2]) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        max_shrink_iters: if synced { 500 } else { 0 },
        ..ProptestConfig::default()
    };
    let undecided = Cell::new([0; 2]);
    let result = TestRunner::new(config).run(&steps(), |steps| {
        let mut run = Run::begin(synced);
        for step in &steps {
            run.step(step)?;
        }
        run.crash(1, None)?;
        let [absent, present] = undecided.get();
        undecided.set([absent + run.undecided[0], present + run.undecided[1]]);
        Ok(())
    });
    (result, undecided.get())
}

#[test]
fn what_is_acknowledged_survives_every_crash() {
    let (result, undecided) = run(true, CASES);
    if let Err(error) = result {
        panic!("{error}");
    }
    // Both must come about, else the crashes are none.
    assert!(
        undecided.iter().all(|count| *count > CASES / 10),
        "not there and there: {undecided:?}"
    );
}

#[test]
fn a_missing_sync_is_found() {
    match run(false, CASES_UNSYNCED).0 {
        Err(TestError::Fail(reason, _)) => {
            assert!(reason.message().starts_with("lost:"), "found otherwise: {reason}")
        }
        other => panic!("the sync was left out of every commit, and nothing was found: {other:?}"),
    }
}
