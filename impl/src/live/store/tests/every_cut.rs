//! The power goes after each single operation of the disk, from the first start of the store on. The database is there
//! before it: how that is made in safety is tried with files.

use super::super::{
    Disk, Error, FileLog, Outcome, RedbStore, Revision, Store, StoreLimits, Transaction,
};
use super::backend::CrashDisk;
use super::model::Model;
use super::{OPTIONS, is_disk_error};

/// Ways in which each crash may turn out.
const SEEDS: u64 = 4;

/// What is done, one after the other.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Transaction>),
    Append(Vec<u8>),
    Replace(Vec<u8>),
    Compact(u64),
}

fn script() -> Vec<Step> {
    let put = |key: &str, bytes: usize| Transaction::new().put(key, vec![bytes as u8; bytes]);
    vec![
        Step::Commit(vec![put("a", 10)]),
        Step::Append(vec![1; 100]),
        Step::Commit(vec![put("b", 20), put("c", 200_000), put("a", 11).delete("b")]), // the file grows
        Step::Append(vec![2; 70_000]),
        Step::Compact(3),
        Step::Replace(vec![3; 5]),
        Step::Commit(vec![Transaction::new().delete("c"), put("a", 12)]),
        Step::Append(vec![4; 10]),
    ]
}

fn open(backend: &CrashDisk) -> Result<(RedbStore, FileLog), Error> {
    let disk = Disk::open_backend(backend.clone(), OPTIONS)?;
    Ok((RedbStore::open(disk.clone(), StoreLimits::default(), 0)?, FileLog::open(disk)?))
}

fn apply(model: &mut Model, step: &Step) {
    match step {
        Step::Commit(transactions) => transactions.iter().for_each(|transaction| {
            model.commit(transaction);
        }),
        Step::Append(bytes) => model.log.extend(bytes),
        Step::Replace(bytes) => model.log.clone_from(bytes),
        Step::Compact(revision) => model.compact(Revision(*revision)),
    }
}

fn carry_out(store: &RedbStore, log: &FileLog, step: &Step) -> Result<(), Error> {
    match step {
        Step::Commit(transactions) => store
            .commit_all(transactions.clone())
            .into_iter()
            .collect::<Result<Vec<Outcome>, Error>>()
            .map(drop),
        Step::Append(bytes) => log.append(bytes),
        Step::Replace(bytes) => log.replace(bytes),
        Step::Compact(revision) => store.compact(Revision(*revision)),
    }
}

/// Does as much of the script as the power lasts for. Returns what was acknowledged, and what was under way.
fn run(backend: &CrashDisk) -> (Model, Model) {
    let (mut acknowledged, mut under_way) = (Model::new(), Model::new());
    let Ok((store, log)) = open(backend) else {
        return (acknowledged, under_way);
    };
    for step in script() {
        apply(&mut under_way, &step);
        let done = carry_out(&store, &log, &step);
        if is_disk_error(&done) {
            return (acknowledged, under_way);
        }
        done.expect("only the disk fails");
        acknowledged = under_way.clone();
    }
    (acknowledged, under_way)
}

/// A disk with a database in which there is nothing.
fn made() -> CrashDisk {
    let backend = CrashDisk::new();
    Disk::open_backend(backend.clone(), OPTIONS).expect("the disk opens");
    backend.crash(0)
}

#[test]
fn whenever_the_power_goes_what_was_acknowledged_is_kept() {
    let whole = made();
    run(&whole);
    let (operations, mut undecided) = (whole.operations(), [0, 0]);
    for cut in 0..=operations {
        let backend = made();
        backend.cut_power_after(cut);
        let (acknowledged, under_way) = run(&backend);
        for seed in 0..SEEDS {
            let (store, log) =
                open(&backend.crash(cut * SEEDS + seed)).expect("it opens after a crash");
            let is = Model::of(&store, &log);
            assert!(
                is == acknowledged || is == under_way,
                "cut after {cut} of {operations}, seed {seed}"
            );
            if acknowledged != under_way {
                undecided[usize::from(is == under_way)] += 1;
            }
        }
    }
    // Both must come about, else the disk is no disk.
    assert!(undecided.iter().all(|count| *count > 5), "not there and there: {undecided:?}");
}
