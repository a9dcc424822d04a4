//! A disk that forgets: what is not synced may be gone after a crash, in part, and in any order of its sectors.

use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use redb::StorageBackend;

/// What a disk writes at once.
const SECTOR_BYTES: usize = 512;

/// A disk in memory. Its clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct CrashDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What is read.
    volatile: Vec<u8>,
    /// What was synced.
    durable: Vec<u8>,
    /// What was done since.
    unsynced: Vec<Change>,
    /// Writes, changes of the length and syncs so far.
    operations: u64,
    /// How many operations there will be until the power goes; the last of them is not done, or in part.
    power: Option<u64>,
    /// Syncs that are done until one fails, and no other.
    syncs_until_failure: Option<u64>,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    SetLen(usize),
}

impl CrashDisk {
    pub(super) fn new() -> CrashDisk {
        CrashDisk::with(Vec::new())
    }

    fn with(image: Vec<u8>) -> CrashDisk {
        let state = State { volatile: image.clone(), durable: image, ..State::default() };
        CrashDisk(Arc::new(Mutex::new(state)))
    }

    /// From so many operations on, all fail: the power is gone.
    pub(super) fn cut_power_after(&self, operations: u64) {
        self.state().power = Some(operations);
    }

    /// Lets the sync fail that comes after so many.
    pub(super) fn fail_sync_after(&self, syncs: u64) {
        self.state().syncs_until_failure = Some(syncs);
    }

    /// Writes, changes of the length and syncs so far.
    pub(super) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// The disk as it may be after the power went.
    pub(super) fn crash(&self, seed: u64) -> CrashDisk {
        let state = self.state();
        CrashDisk::with(survives(&state, &mut ChaCha8Rng::seed_from_u64(seed)))
    }

    /// Changes one byte of what is on the disk.
    pub(super) fn damage(&self, place: usize) -> CrashDisk {
        let mut image = self.state().durable.clone();
        image[place] ^= 1;
        CrashDisk::with(image)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no holder panics")
    }
}

/// How much of what was not synced gets to the disk.
#[derive(Clone, Copy)]
enum Survival {
    Nothing,
    Everything,
    /// All up to a change, and some of that one.
    Prefix(usize),
    /// Of each change each sector with this chance, of 256.
    Sectors(u32),
}

fn survives(state: &State, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let changes = state.unsynced.len();
    let survival = match rng.next_u32() % 6 {
        0 => Survival::Nothing,
        1 => Survival::Everything,
        2 | 3 => Survival::Prefix(rng.next_u32() as usize % (changes + 1)),
        _ => Survival::Sectors(rng.next_u32() % 256),
    };
    // A file system keeps its lengths in order, whatever it does with the data.
    let lengths_kept = match survival {
        Survival::Nothing => 0,
        Survival::Everything => changes,
        Survival::Prefix(whole) => whole,
        Survival::Sectors(_) => rng.next_u32() as usize % (changes + 1),
    };
    let mut image = state.durable.clone();
    for (place, change) in state.unsynced.iter().enumerate() {
        match change {
            Change::SetLen(length) if place < lengths_kept => image.resize(*length, 0),
            Change::SetLen(_) => {}
            Change::Write { offset, bytes } => {
                let chance = match survival {
                    Survival::Nothing => 0,
                    Survival::Everything => 256,
                    Survival::Prefix(whole) if place < whole => 256,
                    Survival::Prefix(whole) if place == whole => 128,
                    Survival::Prefix(_) => 0,
                    Survival::Sectors(chance) => chance,
                };
                write_sectors(&mut image, *offset, bytes, || rng.next_u32() % 256 < chance);
            }
        }
    }
    image
}

/// Writes those sectors that get to the disk. What is beyond its end is lost: the file was not made longer.
fn write_sectors(image: &mut [u8], offset: usize, bytes: &[u8], mut kept: impl FnMut() -> bool) {
    let mut from = offset;
    while from < offset + bytes.len() {
        let to = (from / SECTOR_BYTES + 1) * SECTOR_BYTES;
        let to = to.min(offset + bytes.len());
        if kept() && to <= image.len() {
            image[from..to].copy_from_slice(&bytes[from - offset..to - offset]);
        }
        from = to;
    }
}

impl State {
    /// Counts an operation; returns whether it is done as a whole.
    fn operate(&mut self) -> Result<bool> {
        self.operations += 1;
        match &mut self.power {
            None => Ok(true),
            Some(0) => Err(no_power()),
            Some(left) => {
                *left -= 1;
                Ok(*left > 0)
            }
        }
    }

    /// Notes a change, of which something may get to the disk even if it is the last before the power goes.
    fn change(&mut self, change: Change) -> Result<()> {
        let done = self.operate()?;
        match &change {
            Change::SetLen(length) => self.volatile.resize(*length, 0),
            Change::Write { offset, bytes } => {
                let place = self.volatile.get_mut(*offset..*offset + bytes.len());
                place.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?.copy_from_slice(bytes);
            }
        }
        self.unsynced.push(change);
        if done { Ok(()) } else { Err(no_power()) }
    }
}

fn no_power() -> Error {
    Error::other("the power is gone")
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).expect("disks of tests are small")
}

impl StorageBackend for CrashDisk {
    fn len(&self) -> Result<u64> {
        Ok(self.state().volatile.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let state = self.state();
        if state.power == Some(0) {
            return Err(no_power());
        }
        let bytes = state.volatile.get(place(offset)..place(offset) + out.len());
        out.copy_from_slice(bytes.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        self.state().change(Change::SetLen(place(len)))
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.state();
        if !state.operate()? {
            return Err(no_power());
        }
        match &mut state.syncs_until_failure {
            Some(0) => {
                // Those after it may well be done, as with a real disk: it is not to be trusted for that.
                state.syncs_until_failure = None;
                return Err(Error::other("the sync failed"));
            }
            Some(left) => *left -= 1,
            None => {}
        }
        state.durable = state.volatile.clone();
        state.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.state().change(Change::Write { offset: place(offset), bytes: data.to_vec() })
    }
}

#[test]
fn what_is_synced_survives_and_what_is_not_may_be_torn_at_sectors() {
    let disk = CrashDisk::new();
    disk.set_len(2048).expect("it has power");
    disk.write(0, &[1; 2048]).expect("it has power");
    disk.sync_data().expect("it has power");
    disk.write(0, &[2; 2048]).expect("it has power");
    let images: Vec<Vec<u8>> =
        (0..200).map(|seed| disk.crash(seed).state().durable.clone()).collect();
    for image in &images {
        assert!(image.chunks(SECTOR_BYTES).all(|sector| sector == [1; 512] || sector == [2; 512]));
    }
    let torn = images.iter().filter(|image| image.contains(&1) && image.contains(&2)).count();
    assert!(images.contains(&vec![1; 2048]) && images.contains(&vec![2; 2048]) && torn > 20);
}

#[test]
fn without_power_nothing_is_done() {
    let disk = CrashDisk::new();
    disk.set_len(512).expect("it has power");
    disk.cut_power_after(1);
    assert!(
        disk.sync_data().is_err()
            && disk.write(0, &[1]).is_err()
            && disk.read(0, &mut [0]).is_err()
    );
    assert!(disk.state().durable.is_empty());
}
