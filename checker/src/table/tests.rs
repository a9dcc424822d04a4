//! The table by itself: whatever the fingerprints, whoever inserts them, none is lost, and each belongs to who comes first.

use std::collections::BTreeMap;
use std::io;

use super::*;
use crate::hash::fingerprint;

/// What stands in a slot, with its tag; none if it is empty.
fn read(table: &FingerprintSet, at: usize) -> Option<(u64, Tag)> {
    let slot = table.words[at].load(Ordering::Acquire);
    (slot != 0).then(|| table.shape.read(at / LINE_SLOTS, slot))
}

/// Everything in a table, with its tag.
fn all(table: &FingerprintSet) -> BTreeMap<u64, Tag> {
    let known = (0..table.slots()).filter_map(|at| read(table, at));
    let mut all = BTreeMap::new();
    for (fingerprint, tag) in known {
        assert_eq!(all.insert(fingerprint, tag), None, "{fingerprint:#x} stands twice");
    }
    all
}

/// Lists of fingerprints that are as bad as can be, none longer than what has room near one home.
fn adversarial() -> Vec<(&'static str, Vec<u64>)> {
    const ROOM: u64 = (LINE_SLOTS * DISTANCE_MAX) as u64;
    vec![
        ("extremes", vec![0, u64::MAX, 1, u64::MAX - 1, 1 << 63, (1 << 63) - 1]),
        ("small numbers", (0..ROOM).collect()),
        ("the largest numbers, which go on in the first line", (0..ROOM).map(|at| !at).collect()),
        ("one home, and all bits after it", (0..ROOM).map(|at| 7 << 50 | at << 41).collect()),
        ("one in each line", (0..1 << 15).map(|at| at << (64 - 15)).collect()),
        ("bits", (0..64).map(|at| 1 << at).collect()),
        ("as they should be", (0..100_000).map(|at: u64| fingerprint(&at)).collect()),
    ]
}

#[test]
fn whatever_the_fingerprints_each_is_new_once() -> io::Result<()> {
    for (what, fingerprints) in adversarial() {
        let table = FingerprintSet::with_slots(1)?;
        for one in &fingerprints {
            assert_eq!(table.insert(*one), Inserted::New, "{what}: {one:#x}");
        }
        for one in &fingerprints {
            assert_eq!(table.insert(*one), Inserted::Known, "{what}: {one:#x}");
        }
        let expected = fingerprints.iter().map(|one| (*one, OLD)).collect();
        assert_eq!(all(&table), expected, "{what}");
    }
    Ok(())
}

#[test]
fn a_larger_table_has_the_same_fingerprints_and_tags() -> io::Result<()> {
    for (what, fingerprints) in adversarial() {
        for threads in [1, 4] {
            let mut table = FingerprintSet::with_slots(1)?;
            for (at, one) in fingerprints.iter().enumerate() {
                table.insert_for(*one, OLD + at as Tag % 250);
            }
            let expected = all(&table);
            assert_eq!(expected.len(), fingerprints.len(), "{what}");
            for doublings in 1..=6 {
                let slots = table.slots();
                table.grow(threads)?;
                assert!(table.slots() > slots);
                assert!(all(&table) == expected, "{what}: grown {doublings} times by {threads}");
            }
            for one in &fingerprints {
                assert!(
                    matches!(table.insert(*one), Inserted::Known | Inserted::Taken(_)),
                    "{what}"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn where_there_is_no_room_the_table_is_full() -> io::Result<()> {
    let table = FingerprintSet::with_slots(1)?;
    let room = (LINE_SLOTS * DISTANCE_MAX) as u64;
    for one in 0..room {
        assert_eq!(table.insert(one), Inserted::New);
    }
    assert_eq!(table.insert(room), Inserted::Full);
    assert_eq!(table.insert(room), Inserted::Full, "again");
    assert_eq!(table.insert(room - 1), Inserted::Known);
    assert_eq!(table.insert(u64::MAX), Inserted::New, "elsewhere there is room");
    assert_eq!(all(&table).len() as u64, room + 1);
    Ok(())
}

#[test]
fn a_fingerprint_belongs_to_the_least_tag_until_all_are_old() -> io::Result<()> {
    let mut table = FingerprintSet::with_slots(1)?;
    let (first, last) = (OLD + 1, table.tag_max());
    for one in [0, u64::MAX, 42] {
        assert_eq!(table.insert_for(one, last), Inserted::New);
        assert_eq!(table.insert_for(one, last), Inserted::Known, "it is its own already");
        assert_eq!(table.insert_for(one, first + 3), Inserted::Taken(last));
        assert_eq!(table.insert_for(one, first + 4), Inserted::Known);
        assert_eq!(table.insert_for(one, first + 1), Inserted::Taken(first + 3));
    }
    table.forget_tags(2);
    for one in [0, u64::MAX, 42] {
        assert_eq!(table.insert_for(one, first), Inserted::Known, "nobody takes an old one");
    }
    assert_eq!(all(&table).len(), 3);
    Ok(())
}

#[test]
fn a_crowded_table_grows_to_one_with_the_same() -> io::Result<()> {
    // Larger than what one thread does alone, and with full lines, which go on in the next ones.
    let mut table = FingerprintSet::with_slots(1 << 20)?;
    let count = (table.slots() / LOAD_OF * LOAD_MAX) as u64;
    for at in 0..count {
        // In part where the table ends, so that what has no room there stands in its first lines.
        let one = if at % 16384 == 0 { !(fingerprint(&at) >> 18) } else { fingerprint(&at) };
        assert_eq!(table.insert_for(one, OLD + at % 200), Inserted::New);
    }
    let expected = all(&table);
    for threads in [3, 1, 2] {
        table.grow(threads)?;
        assert!(all(&table) == expected, "by {threads}");
        let [first, last] = [0, table.slots() - LINE_SLOTS].map(|at| read(&table, at).is_some());
        assert!(first && last, "both ends are in use");
    }
    assert!(expected.keys().all(|one| table.insert(*one) != Inserted::New));
    Ok(())
}

/// A permutation of 0..count, another one for each seed.
fn shuffled(count: u64, seed: u64) -> Vec<u64> {
    let mut all: Vec<u64> = (0..count).collect();
    all.sort_by_key(|at| fingerprint(&(seed, *at)));
    all
}

#[test]
fn threads_that_insert_the_same_agree_on_who_was_first() -> io::Result<()> {
    const COUNT: u64 = 60_000;
    const THREADS: u64 = 4;
    // Crowded homes for half of them, so that lines overflow while others look at them.
    let value = |at: u64| match at % 2 {
        0 => fingerprint(&at),
        _ => (at % 256) << 56 | at,
    };
    // Thread t wants each that is not a multiple of t + 2.
    let wants = |thread: u64, at: u64| !at.is_multiple_of(thread + 2);
    for round in 0..6 {
        let table = &FingerprintSet::with_slots(1 << 17)?;
        let inserted: Vec<Vec<(u64, Inserted)>> = std::thread::scope(|scope| {
            let work = |thread| {
                move || {
                    let mine = shuffled(COUNT, round * THREADS + thread);
                    let mine = mine.into_iter().filter(|at| wants(thread, *at));
                    mine.map(|at| (at, table.insert_for(value(at), OLD + 1 + thread))).collect()
                }
            };
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(work(thread))).collect();
            threads.into_iter().map(|thread| thread.join().expect("it works")).collect()
        });
        let first = |at| (0..THREADS).find(|thread| wants(*thread, at));
        let expected = (0..COUNT).filter_map(|at| Some((value(at), OLD + 1 + first(at)?)));
        let expected: BTreeMap<u64, Tag> = expected.collect();
        assert!(all(table) == expected);
        let all_of = || inserted.iter().flatten();
        assert!(all_of().all(|(_, what)| *what != Inserted::Full));
        let new = all_of().filter(|(_, what)| *what == Inserted::New).count();
        assert_eq!(new, expected.len(), "each is new once");
        // Who has lost one is told so by who has taken it, and keeps no more than what is its own.
        let kept = all_of().filter(|(_, what)| matches!(what, Inserted::New | Inserted::Taken(_)));
        let mut owners: BTreeMap<u64, Vec<Tag>> = BTreeMap::new();
        let tagged = inserted
            .iter()
            .zip(OLD + 1..)
            .flat_map(|(some, tag)| some.iter().map(move |one| (tag, one)));
        for (tag, (at, what)) in tagged.clone() {
            if matches!(what, Inserted::New | Inserted::Taken(_)) {
                owners.entry(value(*at)).or_default().push(tag);
            }
        }
        for (_, (at, what)) in tagged {
            if let Inserted::Taken(from) = what {
                owners.get_mut(&value(*at)).expect("it was found").retain(|tag| tag != from);
            }
        }
        assert!(kept.count() >= expected.len());
        let owners: BTreeMap<u64, Tag> = owners
            .into_iter()
            .map(|(one, tags)| {
                assert_eq!(tags.len(), 1, "{one:#x} is somebody's");
                (one, tags[0])
            })
            .collect();
        assert!(owners == expected);
    }
    Ok(())
}

#[test]
fn a_table_is_as_large_as_is_asked_or_is_refused() -> io::Result<()> {
    assert_eq!(FingerprintSet::with_slots(0)?.slots(), LINE_SLOTS << 15);
    for slots in [1 << 18, (1 << 18) + 1, 300_000, 600_000] {
        let table = FingerprintSet::with_slots(slots)?;
        assert!((slots..=slots + slots / 2).contains(&table.slots()), "{slots}");
        assert_eq!(table.bytes(), 8 * table.slots() as u64);
        assert!(!table.is_crowded_by((table.slots() / 4 * 3) as u64));
        assert!(table.is_crowded_by((table.slots() / 4 * 3) as u64 + 1));
    }
    assert!(FingerprintSet::with_slots(usize::MAX).is_err());
    assert!(FingerprintSet::with_slots(1 << 44).is_err());
    Ok(())
}
