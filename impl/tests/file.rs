//! The file of the global server: whatever a crash leaves of the last frame, all before it is read and nothing of it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use spillway_impl::nodes::global::file::{Contents, checkpoint, read, revisions};
use spillway_impl::profile::{Info, Profile, Record};
use spillway_impl::wire::Entry;

fn entry(revision: u32, user: u16) -> Entry {
    let fields = BTreeMap::from([("name".to_owned(), format!("user {user} at {revision}"))]);
    let info = Some(Info { version: revision, profile: Profile { fields } });
    let record = Arc::new(Record { info, ..Record::default() });
    Entry { revision, user, version: revision, record }
}

/// A checkpoint of two users as of revision 5, then frames of 2 and of 1 revisions.
fn whole() -> (Vec<u8>, [usize; 3]) {
    let kept = BTreeMap::from([(0, entry(2, 0)), (1, entry(5, 1))]);
    let mut file = checkpoint(5, &kept);
    let mut ends = [file.len(); 3];
    for (end, entries) in [(1, vec![entry(6, 0), entry(7, 1)]), (2, vec![entry(8, 0)])] {
        file.extend(revisions(&entries));
        ends[end] = file.len();
    }
    (file, ends)
}

#[test]
fn what_was_written_is_read() {
    let (file, _) = whole();
    let contents = read(&file, false).unwrap();
    assert_eq!((contents.base, contents.log.len(), contents.bytes), (5, 3, file.len()));
    assert_eq!(contents.log[2], entry(8, 0));
    assert_eq!(contents.checkpoint[&1], entry(5, 1));
    assert_eq!(read(&[], false).unwrap(), Contents::default());
}

#[test]
fn a_torn_frame_at_the_end_is_left_out_at_whatever_byte_it_tore() {
    let (file, ends) = whole();
    for length in 0..file.len() {
        let contents = read(&file[..length], false).unwrap();
        let bytes = ends.iter().copied().filter(|end| *end <= length).max().unwrap_or(0);
        assert_eq!(contents.bytes, bytes, "torn after {length}");
        let log = ends.iter().position(|end| *end == bytes).map_or(0, |at| [0, 2, 3][at]);
        assert_eq!(contents.log.len(), log);
    }
}

#[test]
fn a_last_frame_of_another_content_is_torn_too_unless_its_hash_is_trusted() {
    let (mut file, ends) = whole();
    let digit = file.iter().rposition(|byte| *byte == b'8').unwrap(); // of "user 0 at 8"
    file[digit] = b'9';
    assert_eq!(read(&file, false).unwrap().bytes, ends[1]);
    // With the seeded bug `torn-trusted` what was never written is read.
    let trusted = read(&file, true).unwrap();
    assert_eq!(trusted.bytes, file.len());
    assert_ne!(trusted.log[2], entry(8, 0));
}

#[test]
fn damage_before_the_last_frame_is_said_with_its_place() {
    let (file, ends) = whole();
    let mut other = file.clone();
    other[ends[1] - 1] ^= 0x20;
    let damaged = read(&other, false).unwrap_err();
    assert_eq!(damaged.offset, ends[0]);
    let said = format!("the frame at byte {} has another hash than it was written with", ends[0]);
    assert_eq!(damaged.to_string(), said);

    let mut other = file[..ends[0]].to_vec();
    other.extend_from_slice(&file[ends[1]..]);
    assert_eq!(read(&other, false).unwrap_err().what, "does not follow the one before");
    let mut other = file.clone();
    other.extend_from_slice(&file[..ends[0]]);
    assert_eq!(read(&other, false).unwrap_err().offset, file.len());
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), at: u16, byte: u8) {
        let _ = read(&bytes, false);
        let (mut file, _) = whole();
        let at = usize::from(at) % file.len();
        file[at] = byte;
        if let Ok(contents) = read(&file, false) {
            prop_assert!(contents.bytes <= file.len());
            // Whatever is read is what was written, or what an altered head still says in good order.
            prop_assert!(contents.log.len() <= 3);
        }
        let _ = read(&file, true);
    }
}
