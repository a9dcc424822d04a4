//! Recording, replaying and shrinking, on a protocol that is not Spillway's.
#![allow(clippy::unwrap_used)]

mod common;

use common::{BACK, Ball, Move, PingPong, Player, THERE, Table, WIND, header, play, rally};
use proptest::prelude::*;
use spillway_traces::{Machine, Observed, Outcome, Recorder, Trace, record, replay, shrink};

#[test]
fn a_delivery_is_caused_by_the_event_that_sent_the_message() {
    let causes: Vec<_> = rally().events.iter().map(|event| event.cause).collect();
    assert_eq!(causes, [None, Some(0), None, Some(1), None, None, Some(5)]);
}

#[test]
fn messages_of_one_link_arrive_in_the_order_of_sending() {
    let trace = play(&[Move::Serve, Move::Serve, THERE, THERE]);
    assert_eq!(trace.events[2].cause, Some(0));
    assert_eq!(trace.events[3].cause, Some(1));
}

#[test]
fn a_message_that_overtakes_another_keeps_its_own_cause() {
    let mut recorder = Recorder::<PingPong>::new();
    let mut trace = play(&[Move::Serve, THERE, Move::Serve, BACK, THERE]);
    // Now two balls of 3 and 1 hits fly to pong; the younger one, served in event 2, is taken first.
    trace.events[4].observed.took = Some(Ball { hits: 1 });
    let causes = trace.events.into_iter().map(|e| recorder.event(e.action, e.observed).cause);
    assert_eq!(causes.last().unwrap(), Some(2));
}

#[test]
fn a_message_from_before_the_recording_has_no_cause() {
    let mut table = Table::default();
    table.step(&Move::Serve).unwrap();
    let events = record(&mut table, &[THERE, BACK]).unwrap();
    assert_eq!(events[0].cause, None);
    assert_eq!(events[1].cause, Some(0));
}

#[test]
fn time_may_be_given() {
    let mut recorder = Recorder::<PingPong>::new();
    let event = recorder.event_at(250, Move::Serve, Observed::default());
    assert_eq!((event.index, event.time, event.node), (0, 250, Player::Ping));
    assert_eq!(recorder.event(Move::Serve, Observed::default()).time, 1);
}

#[test]
fn recording_stops_at_a_refusal() {
    let (place, refusal) = record(&mut Table::default(), &[Move::Serve, BACK]).unwrap_err();
    assert_eq!((place, refusal.guard), (1, "ball-there"));
}

#[test]
fn a_replay_of_what_was_recorded_matches() {
    let replayed = replay(&rally(), &mut Table::default());
    assert!(replayed.matched() && replayed.complete && replayed.broken.is_empty());
    assert_eq!(replayed.to_string(), "all 7 events match");
}

#[test]
fn a_replay_tells_which_properties_break_and_when() {
    let trace = play(&[Move::Serve, Move::Serve, THERE, BACK, THERE]);
    let replayed = replay(&trace, &mut Table::default());
    let expected = "\
all 5 events match
property `one-ball` breaks at event 1 (line 3), but holds again at the end";
    assert_eq!(replayed.to_string(), expected);
    assert_eq!(
        serde_json::to_value(&replayed).unwrap(),
        serde_json::json!({
            "steps": 5, "outcome": "matched", "complete": true,
            "broken": [{ "property": "one-ball", "event": 1, "at_end": false }],
        })
    );
}

#[test]
fn a_replay_stops_where_the_machine_refuses() {
    let moves = [Move::Serve, Move::Serve, Move::Serve];
    let trace = play(&moves);
    let mut table = Table::default();
    table.step(&Move::Serve).unwrap();
    let replayed = replay(&trace, &mut table);
    let expected = "\
events 0 to 1 (line 3) match; event 2 (line 4) is refused: ping serves
  guard `few-balls`: 3 balls are in play
  the nearest step allowed was: pong returns the ball of ping
  it differs in its kind: return instead of serve
property `one-ball` breaks at event 0 (line 2)";
    assert_eq!(replayed.to_string(), expected);
    assert_eq!(replayed.steps, 2);
}

#[test]
fn a_replay_stops_where_something_else_is_seen() {
    let mut forgetful = Table { forgetful: true, ..Table::default() };
    let replayed = replay(&rally(), &mut forgetful);
    let expected = "\
events 0 to 0 (line 2) match; event 1 (line 3) differs in `sent`: pong returns the ball of ping
  recorded: pong → ping: ball #2; spin <0>
  got:      pong → ping: ball #1; spin <1>
  message 1 differs in `message.hits`: 1 instead of 2";
    assert_eq!(replayed.to_string(), expected);
}

#[test]
fn each_recorded_field_is_compared() {
    let differs = |change: fn(&mut Observed<PingPong>)| {
        let mut trace = rally();
        trace.events.iter_mut().for_each(|event| change(&mut event.observed));
        match replay(&trace, &mut Table::default()).outcome {
            Outcome::Differs { field, event, .. } => Some((field, event)),
            _ => None,
        }
    };
    assert_eq!(differs(|o| o.took = Some(Ball { hits: 9 })), Some(("took", 0)));
    assert_eq!(differs(|o| o.sent.truncate(o.notes.len())), Some(("sent", 0)));
    assert_eq!(differs(|o| o.lost = o.sent.clone()), Some(("lost", 0)));
    assert_eq!(differs(|o| o.notes.reverse()), None);
    assert_eq!(differs(|o| o.notes.push("more".into())), Some(("notes", 0)));
    assert_eq!(differs(|o| o.state = Some("0".repeat(16))), None, "this machine tells no state");
    assert_eq!(differs(|o| *o = Observed::default()), None, "nothing was recorded");
    assert_eq!(differs(|o| o.notes.clear()), None, "no notes were recorded");
}

/// A table that tells a digest of its state.
struct Digesting(Table);

impl Machine<PingPong> for Digesting {
    fn step(&mut self, action: &Move) -> Result<Observed<PingPong>, spillway_traces::Refusal> {
        let observed = self.0.step(action)?;
        Ok(Observed { state: Some(format!("{:016x}", self.0.rests)), ..observed })
    }
    fn view(&self) -> spillway_traces::View<PingPong> {
        self.0.view()
    }
}

#[test]
fn digests_of_the_state_are_compared() {
    let rest = Move::Rest { player: Player::Ping };
    let mut machine = Digesting(Table::default());
    let events = record(&mut machine, &[rest.clone(), rest]).unwrap();
    let trace = Trace::new(header(), events);
    let replayed = replay(&trace, &mut Digesting(Table { rests: 1, ..Table::default() }));
    let expected = "\
no event matches; event 0 (line 2) differs in `state`: ping rests
  recorded: 0000000000000001
  got:      0000000000000002
the trace has no end: its writer died after the last event";
    assert_eq!(replayed.to_string(), expected);
}

fn breaks(property: &'static str) -> impl Fn(&[&'static str]) -> bool {
    move |broken| broken.contains(&property)
}

#[test]
fn a_long_run_shrinks_to_what_matters() {
    let rest = || Move::Rest { player: Player::Pong };
    let actions = [
        rest(),
        Move::Serve,
        THERE,
        rest(),
        WIND,
        BACK,
        rest(),
        WIND,
        Move::Serve,
        THERE,
        rest(),
        BACK,
        THERE,
        rest(),
        rest(),
        Move::Serve,
        WIND,
    ];
    let shrunk = shrink::<PingPong, _>(&actions, Table::default, breaks("short-rallies")).unwrap();
    assert_eq!(shrunk.actions, [Move::Serve, THERE, BACK, THERE]);
    assert!(shrunk.minimal && shrunk.tried > 1);
    assert_eq!((shrunk.from, shrunk.to), (17, 4));
}

#[test]
fn the_same_property_must_break() {
    let actions = [Move::Serve, Move::Serve, THERE, BACK, THERE];
    let crowded = shrink::<PingPong, _>(&actions, Table::default, breaks("one-ball")).unwrap();
    assert_eq!(crowded.actions, [Move::Serve, Move::Serve]);
    assert_eq!(shrink::<PingPong, _>(&actions[2..], Table::default, breaks("one-ball")), None);
}

#[test]
fn what_fails_from_the_start_shrinks_to_nothing() {
    let fresh = || Table { to_pong: [1, 1].into(), ..Table::default() };
    let shrunk = shrink::<PingPong, _>(&[THERE], fresh, breaks("one-ball")).unwrap();
    assert_eq!((shrunk.actions, shrunk.minimal), (vec![], true));
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let rest = Move::Rest { player: Player::Ping };
    prop::collection::vec(prop::sample::select(vec![Move::Serve, THERE, BACK, WIND, rest]), 0..60)
}

proptest! {
    /// What is left is allowed, fails exactly at its end, and cannot do without any one action.
    #[test]
    fn a_shrunk_run_is_minimal(actions in moves()) {
        let fails = breaks("short-rallies");
        let Some(shrunk) = shrink::<PingPong, _>(&actions, Table::default, &fails) else {
            return Ok(());
        };
        let failing_prefix = |actions: &[Move]| {
            let mut table = Table::default();
            let allowed = actions.iter().filter(|action| table.step(action).is_ok());
            allowed.count() == actions.len() && fails(&table.broken())
        };
        prop_assert!(shrunk.minimal);
        prop_assert!(failing_prefix(&shrunk.actions));
        prop_assert!(!failing_prefix(&shrunk.actions[..shrunk.to - 1]));
        for place in 0..shrunk.to {
            let mut fewer = shrunk.actions.clone();
            fewer.remove(place);
            prop_assert!(shrink::<PingPong, _>(&fewer, Table::default, &fails).is_none());
        }
        prop_assert_eq!(shrink::<PingPong, _>(&actions, Table::default, &fails), Some(shrunk));
    }
}
