//! Whole dialogues of clients, broken in every way that a grammar of XMPP knows, given to the stream in chunks.
//!
//! What is held: it does not panic; what it answers and the memory that all of it takes stay bounded; the same bytes in other chunks lead to the
//! same answers and events; nothing after the end is heeded; and whatever it answers is XML of the streams that it opened.
//!
//! `SPILLWAY_FUZZ_SECONDS=600 cargo test --release -p spillway-impl --features live --test front_fuzz -- --nocapture` goes on
//! for that long; without it a fixed number of dialogues is tried, the same ones each time. `SPILLWAY_FUZZ_SEED` begins elsewhere,
//! such as at the seed that a failure names.

mod fuzz;
#[path = "front/grammar.rs"]
mod grammar;
#[path = "front/mod.rs"]
mod rig;

use grammar::Dialogue;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rig::{Peer, shown};
use spillway_impl::live::front::stream::{Event, Tls};
use spillway_impl::live::front::write;
use spillway_impl::live::front::xml::{Item, Limits, Reader};

/// Dialogues that are tried where no time is given.
const DIALOGUES: u64 = 4000;
/// Bytes of answers to a byte that came, at most: heads and errors aside, an answer repeats an address and an id, escaped.
const ANSWER_BYTES_PER_BYTE: usize = 8;
/// Bytes of heads, features and errors, which come without being asked for.
const ANSWER_BYTES_FREE: usize = 8192;

const TLS_REFUSED: &str = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>";

/// Memory of this process at any time, in KiB: a few of the largest stanzas that may be, read and written several times over.
const KILOBYTES_MAX: u64 = 256 * 1024;

#[derive(Debug, PartialEq)]
struct Heard {
    out: String,
    events: Vec<String>,
    is_closed: bool,
}

/// Gives a dialogue to a stream in these chunks, and TLS where it begins.
///
/// Something else than white space right after `starttls` is refused if it is there already, and spoils the handshake if it
/// comes later: both are `None`.
fn tell(dialogue: &Dialogue, mut chunk: impl FnMut(usize) -> usize) -> Option<Heard> {
    let mut peer = Peer::hasty(dialogue.tls);
    let mut events = Vec::new();
    for part in &dialogue.parts {
        let mut rest = part.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(chunk(rest.len()));
            let was_closed = peer.is_closed();
            let before = (peer.out.len(), peer.events.len());
            peer.feed(now);
            if was_closed {
                assert_eq!((peer.out.len(), peer.events.len()), before, "heeded after the end");
            }
            rest = later;
            if peer.events.last() == Some(&Event::StartTls) && !rest.trim_ascii().is_empty() {
                return None;
            }
        }
        let wants_tls = peer.events.last() == Some(&Event::StartTls);
        events.extend(std::mem::take(&mut peer.events).iter().map(shown));
        if wants_tls {
            peer.stream.secured();
        }
    }
    let heard = Heard { is_closed: peer.is_closed(), out: peer.heard(), events };
    let is_refused = heard.out.ends_with(TLS_REFUSED);
    (!is_refused).then_some(heard)
}

fn check(seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let dialogue = grammar::dialogue(&mut random);
    let came: usize = dialogue.parts.iter().map(Vec::len).sum();
    let whole = tell(&dialogue, |left| left);
    let split = tell(&dialogue, |left| (1 + random.next_u32() as usize % 40).min(left));
    assert_eq!(whole, split, "other chunks, other answers");
    if came < 4096 {
        assert_eq!(whole, tell(&dialogue, |_| 1), "single bytes, other answers");
    }
    let Some(whole) = whole else { return };
    let bound = ANSWER_BYTES_FREE + ANSWER_BYTES_PER_BYTE * came;
    assert!(whole.out.len() <= bound, "{} bytes of answers to {came}", whole.out.len());
    assert_eq!(whole.is_closed, whole.events.last().is_some_and(|last| last == "closed"));
    let ends = whole.events.iter().filter(|event| *event == "closed").count();
    assert!(ends <= 1, "a stream ends once");
    check_answers(&whole);
    whole.events.iter().filter_map(|event| event.strip_prefix("stanza ")).for_each(check_stanza);
}

/// Each stream that it opened is one document, of which only the last may be without an end.
fn check_answers(heard: &Heard) {
    let declaration = "<?xml version='1.0'?>";
    let mut streams = heard.out.split(declaration);
    assert_eq!(streams.next(), Some(""), "what is answered begins with a head");
    let streams: Vec<&str> = streams.collect();
    for (n, stream) in streams.iter().enumerate() {
        let mut reader = Reader::new(Limits::AFTER_LOGIN);
        let mut rest = stream.as_bytes();
        let mut last = None;
        loop {
            match reader.next(&mut rest) {
                Ok(Some(item)) => last = Some(item),
                Ok(None) => break,
                Err(error) => panic!("{error} in the answer {stream}"),
            }
        }
        assert!(rest.is_empty(), "something after the end: {stream}");
        let is_last = n + 1 == streams.len();
        let is_ended = last == Some(Item::Closed);
        assert_eq!(is_ended, is_last && heard.is_closed, "{stream}");
    }
}

/// What a client said is written so that it can be read again, and then is the same.
fn check_stanza(text: &str) {
    let mut reader = Reader::new(Limits { stanza_bytes_max: 8 << 20, ..Limits::AFTER_LOGIN });
    let whole = format!("{}{text}", rig::HEAD);
    let mut rest = whole.as_bytes();
    let head = reader.next(&mut rest);
    assert!(matches!(head, Ok(Some(Item::Opened(_)))), "{head:?}");
    match reader.next(&mut rest) {
        Ok(Some(Item::Stanza(element))) => {
            let mut again = Vec::new();
            write::stanza(&element, &mut again);
            assert_eq!(String::from_utf8_lossy(&again), text, "written again");
            assert!(
                element.attr("from").is_some_and(|from| from.starts_with("alice@example.org/"))
            );
        }
        other => panic!("{other:?} in {text}"),
    }
    assert!(rest.is_empty());
}

#[test]
fn broken_dialogues() {
    fuzz::go_on("dialogues", DIALOGUES, check, |seed| {
        let dialogue = grammar::dialogue(&mut ChaCha8Rng::seed_from_u64(seed));
        let parts = dialogue.parts.iter().map(|part| String::from_utf8_lossy(part));
        format!("{:?}: {:#?}", dialogue.tls, parts.collect::<Vec<_>>())
    });
    fuzz::check_memory(KILOBYTES_MAX);
}

/// A generator whose dialogues all end at the first tag finds nothing.
#[test]
fn the_dialogues_get_far_and_fail_in_many_ways() {
    let mut reached = std::collections::BTreeMap::<String, u32>::new();
    for seed in 0..DIALOGUES {
        let dialogue = grammar::dialogue(&mut ChaCha8Rng::seed_from_u64(seed));
        let Some(heard) = tell(&dialogue, |left| left) else { continue };
        let conditions = heard.out.split("<stream:error><").skip(1);
        let conditions = conditions.filter_map(|rest| Some(rest.split_once(' ')?.0.to_owned()));
        let events =
            heard.events.iter().filter_map(|event| Some(event.split(' ').next()?.to_owned()));
        for what in conditions.chain(events) {
            *reached.entry(what).or_default() += 1;
        }
    }
    for what in [
        "bound",
        "closed",
        "failed",
        "stanza",
        "start",
        "bad-format",
        "host-unknown",
        "invalid-from",
        "invalid-namespace",
        "not-authorized",
        "not-well-formed",
        "policy-violation",
        "restricted-xml",
        "unsupported-encoding",
        "unsupported-stanza-type",
        "unsupported-version",
    ] {
        assert!(reached.get(what).is_some_and(|times| *times >= 3), "{what}: {reached:#?}");
    }
}

/// Or a seed would name nothing.
#[test]
fn the_dialogues_are_the_same_each_time() {
    let once = |seed| grammar::dialogue(&mut ChaCha8Rng::seed_from_u64(seed));
    assert!((0..50).all(|seed| once(seed).parts == once(seed).parts));
    assert!((0..50).any(|seed| once(seed).tls == Tls::Required));
}
