//! What the global server finds in its file when it starts again: all that it acknowledged, and nothing of a torn write.
#![allow(clippy::unwrap_used)]

mod rig;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use rig::*;
use spillway_impl::config::{Config, Disk};
use spillway_impl::node::{Input, Output, Store, Timer};
use spillway_impl::nodes::global::Global;
use spillway_impl::nodes::global::file::{self, HEADER_BYTES, Reason};
use spillway_impl::wire::Entry;
use spillway_traces::Action;

/// Does to the file what the node asked of its disk last.
fn write(g: &Rig<Global>, file: &mut Vec<u8>) {
    for output in &g.out {
        match output {
            Output::Store(Store::Append(bytes)) => file.extend(bytes),
            Output::Store(Store::Replace(bytes)) => *file = bytes.clone(),
            _ => {}
        }
    }
}

fn config_of(disk: Disk) -> Config {
    with(|config| {
        config.knobs.disk = disk;
        config.timers.jitter_percent = 0;
    })
}

/// The frames of these revisions, each of user 1.
fn frames(sizes: &[u32]) -> Vec<Vec<u8>> {
    let mut next = 1..;
    let mut frame = |size: u32| {
        let entries: Vec<Entry> =
            next.by_ref().take(size as usize).map(|at| entry(at, at)).collect();
        file::frame(&entries)
    };
    sizes.iter().map(|&size| frame(size)).collect()
}

#[test]
fn what_was_written_is_there_again_and_the_cursors_are_not() {
    for disk in [Disk::Immediate, Disk::Flushed] {
        let (mut g, mut file) = (global_server(config_of(disk)), Vec::new());
        for step in [None, None, Some(Action::Compact {}), None] {
            match step {
                Some(action) => _ = g.step(action),
                None => {
                    let version = g.node.newest_revision() + 1;
                    g.publish(0, version, 1, version, version != 2);
                    write(&g, &mut file);
                    g.step(Action::Flush {});
                }
            }
            write(&g, &mut file);
            g.on(Input::Stored { done: true });
        }
        let again = Global::restart(g.node.config.clone(), &file).unwrap();
        assert_eq!((again.base, again.log.len(), again.cursors[0]), (2, 1, None));
        assert_eq!((&again.checkpoint, &again.log), (&g.node.checkpoint, &g.node.log));
        assert_eq!((&again.newest, again.undurable), (&g.node.newest, 0));
    }
}

#[test]
fn a_torn_tail_is_left_out_and_written_over() {
    let mut file = frames(&[2, 1]).concat();
    file.truncate(file.len() - 1);
    let whole = frames(&[2]).concat().len();
    let config = Arc::new(config_of(Disk::Immediate));
    let mut g = rig(Global::restart(config, &file).unwrap());
    assert_eq!((g.node.newest_revision(), g.node.torn_bytes.0), (2, file.len() - whole));
    assert!(g.publish(0, 1, 1, 9, true).contains("replace"), "not behind what is torn");
    write(&g, &mut file);
    assert!(g.publish(0, 2, 1, 10, true).contains("append"));
    write(&g, &mut file);
    assert_eq!(file::read(&file, true).unwrap().log, g.node.log);
}

#[test]
fn damage_that_no_crash_makes_is_refused() {
    let good = frames(&[1, 1, 1]);
    let reason = |file: Vec<u8>| file::read(&file, true).map_err(|damaged| damaged.reason);
    let mut flipped = good.concat();
    flipped[HEADER_BYTES] ^= 1;
    assert_eq!(reason(flipped), Err(Reason::Checksum));
    let swapped = [&good[0][..], &good[2], &good[1]].concat();
    assert_eq!(reason(swapped), Err(Reason::Order));
    let checkpoint = file::whole(1, &BTreeMap::from([(1, entry(1, 1))]), &[]);
    assert_eq!(reason([&good[0][..], &checkpoint].concat()), Err(Reason::Checkpoint));
    let newer = file::whole(1, &BTreeMap::from([(1, entry(2, 2))]), &[]);
    assert_eq!(reason(newer), Err(Reason::Order));
    assert_eq!(reason(good.concat()).unwrap().log.len(), 3);
}

#[test]
fn the_disk_is_tried_again_with_all_of_the_file() {
    let (mut g, mut file) = (global_server(config_of(Disk::Flushed)), Vec::new());
    g.publish(0, 1, 1, 1, true);
    g.step(Action::Flush {});
    assert!(g.node.candidates(0).iter().all(|one| one.action != Action::Flush {}), "one at a time");
    assert_eq!(g.on(Input::Stored { done: false }), "arm storeagain 50000");
    assert!(g.node.candidates(0).iter().all(|one| !one.due), "not before its timer");
    assert_eq!(g.on(Input::Timer(Timer::StoreAgain)), "replace");
    assert_eq!(g.on(Input::Stored { done: false }), "arm storeagain 100000");
    assert_eq!(g.on(Input::Timer(Timer::StoreAgain)), "replace");
    write(&g, &mut file);
    assert_eq!(g.on(Input::Stored { done: true }), "C0 Published r1 at 1");
    assert_eq!(file::read(&file, true).unwrap().log, g.node.log);
    assert_eq!(g.step(Action::Compact {}), "replace");
    g.on(Input::Stored { done: false });
    assert_eq!(g.node.base, 0, "nothing is forgotten that the disk has not taken");
    assert_eq!(g.on(Input::Timer(Timer::StoreAgain)), "replace", "the file is made whole first");
    assert_eq!(g.on(Input::Stored { done: true }), "");
}

proptest! {
    /// Wherever a crash cuts the last write short, all before it is there, and nothing of it.
    #[test]
    fn a_batch_is_all_or_nothing(sizes in prop::collection::vec(1u32..4, 1..5), at in any::<prop::sample::Index>()) {
        let frames = frames(&sizes);
        let (last, before) = frames.split_last().unwrap();
        let kept = at.index(last.len());
        let mut file = before.concat();
        file.extend(&last[..kept]);
        let content = file::read(&file, true).unwrap();
        let durable: u32 = sizes[..sizes.len() - 1].iter().sum();
        prop_assert_eq!(content.log.len() as u32, durable);
        prop_assert_eq!(content.torn_bytes, kept);
        // Nor is a write whose room was made before its bytes came.
        file.resize(before.concat().len() + last.len(), 0);
        if file[before.concat().len()..] != last[..] {
            prop_assert_eq!(file::read(&file, true).unwrap().log.len() as u32, durable);
        }
    }

    /// A changed byte is never read as something else.
    #[test]
    fn no_changed_byte_goes_unnoticed(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let good = frames(&[1, 2, 1]).concat();
        let mut file = good.clone();
        file[at.index(good.len())] ^= flip;
        let known = file::read(&good, true).unwrap().log;
        if let Ok(content) = file::read(&file, true) {
            prop_assert!(content.torn_bytes > 0);
            prop_assert_eq!(&content.log[..], &known[..3]);
        }
    }
}
