//! What servers say to each other, broken in every way that somebody knows who knows the frames, and given to a process in
//! pieces. Servers trust each other, with certificates; this is for a bad line, another version and a bug at the other end.
//!
//! What is held: it does not panic; the memory that it takes stays bounded; the same bytes in other pieces lead to the same
//! deeds; what is read is written so that the same is read again; and who comes next and says all well is welcome, unless
//! something was said of its being gone.
//!
//! `SPILLWAY_FUZZ_SECONDS=600 cargo test --release -p spillway-impl --features live --test links_fuzz -- --nocapture` goes on
//! for that long; without it a fixed number of conversations is tried, the same ones each time. `SPILLWAY_FUZZ_SEED` begins
//! elsewhere, such as at the seed that a failure names.

mod fuzz;
mod links;

use std::collections::BTreeMap;

use links::broken::{below, broken};
use links::{Happening, Process, TOLD, conversations};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use spillway_impl::live::links::frame::{BadFrame, VERSION, write};
use spillway_impl::live::links::neighbours::Line;
use spillway_impl::live::links::{Deed, Frame, Frames};
use spillway_traces::{Node, Role};

/// Conversations that are tried where no time is given.
const CONVERSATIONS: u64 = 4000;
/// Memory of this process at any time, in KiB.
const KILOBYTES_MAX: u64 = 256 * 1024;
/// A connection that is made when all is over.
const LAST_LINE: Line = 1 << 32;

/// What came of a conversation.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    deeds: Vec<Deed>,
    bad: Vec<BadFrame>,
}

/// Lets all of it happen to a process, with bytes in these pieces.
fn tell(
    node: Node,
    script: &[Happening],
    mut piece: impl FnMut(usize) -> usize,
) -> (Process, Heard) {
    let (mut process, mut heard) = (Process::new(node, 0), Heard::default());
    let mut readers = BTreeMap::<Line, Frames>::new();
    for happening in script {
        let deeds = match happening {
            Happening::Dialed(line, to) => process.dialed(*line, *to),
            Happening::Accepted(line) => process.accepted(*line),
            Happening::Lost(line) => {
                readers.remove(line);
                process.lost(*line)
            }
            Happening::User(user, wish) => process.wish(*user, *wish),
            Happening::Turn => process.work(),
            Happening::Came(line, bytes) => {
                let reader = readers.entry(*line).or_default();
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(piece(rest.len()));
                    reader.put(now);
                    rest = later;
                    if !take_all(&mut process, *line, reader, &mut heard) {
                        heard.deeds.extend(process.lost(*line));
                        break;
                    }
                }
                Vec::new()
            }
        };
        heard.deeds.extend(deeds);
    }
    (process, heard)
}

/// Takes all frames that have come. Whether they were frames.
fn take_all(process: &mut Process, line: Line, reader: &mut Frames, heard: &mut Heard) -> bool {
    loop {
        match reader.take() {
            Ok(None) => return true,
            Ok(Some(frame)) => {
                check_written(&frame);
                process.heard(line, frame);
            }
            Err(error) => {
                assert_eq!(reader.take(), Err(error.clone()), "it stays of no use");
                heard.bad.push(error);
                return false;
            }
        }
    }
}

/// What is read is written so that the same is read again.
fn check_written(frame: &Frame) {
    let (mut bytes, mut again) = (Vec::new(), Frames::default());
    write(&Frame::Ping, &mut bytes); // after a first frame there may be longer ones
    assert!(write(frame, &mut bytes), "it was read, so it is not too long");
    again.put(&bytes);
    assert_eq!(again.take(), Ok(Some(Frame::Ping)));
    assert_eq!(again.take().as_ref(), Ok(&Some(frame.clone())));
    assert_eq!(again.take(), Ok(None));
}

/// Somebody comes who says all well. It is let in, unless something was said of who is gone.
fn check_serves(process: &mut Process, heard: &Heard) {
    let from = match process.node.role {
        Role::Communication => return, // nobody begins a connection with it
        Role::Query => Node::communication(0),
        _ => Node::query(2),
    };
    let mut deeds = process.accepted(LAST_LINE);
    let (from, to) = ((from, 1_000_000), process.node);
    let hello = Frame::Hello { version: VERSION, configuration: TOLD, from, to, facts: vec![] };
    process.heard(LAST_LINE, hello);
    deeds.extend(process.work());
    let is_gone = |why: &str| why.ends_with("is taken for gone");
    let is_answer = |deed: &Deed| match deed {
        Deed::Say(LAST_LINE, Frame::Welcome { .. }) => true,
        Deed::Say(LAST_LINE, Frame::Refused { why, .. }) => is_gone(why),
        _ => false,
    };
    assert!(
        deeds.iter().any(is_answer) || heard.deeds.contains(&Deed::Outcast),
        "nobody is let in any more: {deeds:?}"
    );
}

type Conversations = BTreeMap<Node, Vec<Happening>>;

fn conversation(seed: u64, all: &Conversations) -> (ChaCha8Rng, Node, Vec<Happening>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let at = below(&mut random, all.len());
    let (node, whole) = all.iter().nth(at).expect("it is one of them");
    let script = broken(&mut random, whole);
    (random, *node, script)
}

fn check(seed: u64, all: &Conversations) {
    let (mut random, node, script) = conversation(seed, all);
    let (mut process, whole) = tell(node, &script, |left| left);
    let (_, split) = tell(node, &script, |left| (1 + below(&mut random, 40)).min(left));
    assert_eq!(whole, split, "other pieces, other deeds");
    check_serves(&mut process, &whole);
}

fn shown(happening: &Happening) -> String {
    let Happening::Came(line, bytes) = happening else { return format!("{happening:?}") };
    let mut frames = Frames::default();
    frames.put(bytes);
    format!("{line}: {:?} of {} bytes", frames.take(), bytes.len())
}

/// Conversations in which nothing goes wrong, or all of them in the same way, find nothing.
#[test]
fn the_conversations_get_far_and_fail_in_many_ways() {
    let all = conversations();
    let mut reached = BTreeMap::<String, u32>::new();
    for seed in 0..CONVERSATIONS {
        let (_, node, script) = conversation(seed, &all);
        let (_, heard) = tell(node, &script, |left| left);
        let bad = heard.bad.iter().map(|bad| format!("{bad:?}"));
        for what in heard.deeds.iter().map(|deed| format!("{deed:?}")).chain(bad) {
            *reached.entry(what).or_default() += 1;
        }
    }
    for part in [
        "Offer",
        "Assign",
        "Accept",
        "Done",
        "Finish",
        "Snapshot",
        "Update",
        "Published",
        "Here",
        "Between",
        "Outcast",
        "TooLong",
        "Unreadable",
        "bytes too many",
        "it speaks version",
        "it was told something else",
        "has nothing to begin with",
        "is taken for gone",
        "not to be said now: Welcome",
        "not to be said now: Post",
        "not to be said now: Hello",
    ] {
        let times: u32 =
            reached.iter().filter(|(what, _)| what.contains(part)).map(|(_, times)| times).sum();
        assert!(times >= 3, "{part}: {times} times");
    }
}

#[test]
fn broken_conversations() {
    let all = conversations();
    fuzz::go_on(
        "conversations",
        CONVERSATIONS,
        |seed| check(seed, &all),
        |seed| {
            let (_, node, script) = conversation(seed, &all);
            format!("{node}: {:#?}", script.iter().map(shown).collect::<Vec<_>>())
        },
    );
    fuzz::check_memory(KILOBYTES_MAX);
}
