use spillway_properties::*; use spillway_model::Mutant;
const WANT: &[(&str,&str)] = &[
("token-left-out","fresh-answer"),("seen-forgotten","fresh-answer"),("acknowledgement-forgotten","fresh-answer"),("second-reply-taken","answered-once"),("reply-to-oldest","answered-once"),("client-silent-at-reset","final-states"),
("pending-not-resent","no-lost-task"),("same-link-only-resent","no-lost-overflow-task"),("refusal-unsaid","final-states"),("pending-unbounded","bounded"),("publish-not-pending","final-states"),
("token-ignored","fresh-answer"),("token-not-offered","fresh-answer"),("lowest-class-started","priority-order"),("newest-started","priority-order"),("offered-below-threshold","overflow-only"),("highest-class-offered","overflow-only"),("oldest-offered","overflow-only"),("running-offered","overflow-only"),("refused-offered","overflow-only"),("foreign-offered","overflow-only"),
("forgotten-after-offer","no-lost-overflow-task"),("not-offered-again","no-lost-overflow-task"),("again-unmarked","no-lost-overflow-task"),("again-forgotten","no-lost-overflow-task"),("handed-unrecognised","no-lost-overflow-task"),("queued-unrecognised","no-lost-overflow-task"),("incarnation-reused","no-lost-overflow-task"),("finish-unmatched","no-lost-overflow-task"),("returned-lost","no-lost-overflow-task"),
("load-unchecked","threshold-kept"),("load-miscounted","threshold-kept"),("queue-full-silently","no-lost-task"),("queue-unbounded","bounded"),("done-unsaid","final-states"),("answered-directly","links-only"),("acknowledged-before-stored","durable-publish"),("relay-not-resent","final-states"),("applied-kept-in-crash","synced-info"),
("gap-applied","synced-info"),("hello-ignored","final-states"),("older-stored","synced-info"),("stored-in-memory","durable-publish"),("duplicate-unacknowledged","final-states"),("update-stale","synced-info"),
("token-not-assigned","fresh-answer"),("assigned-kept","no-lost-overflow-task"),("never-returned","no-lost-overflow-task"),("lowest-class-assigned","priority-order"),("assigned-to-source","strategy-kept"),("assigned-to-refuser","strategy-kept"),("reject-unmatched","no-lost-overflow-task"),("done-unmatched","no-lost-overflow-task"),("ledger-unbounded","bounded")];
fn main(){
 let order="refused catch-up catch-up-crash crash-global routing retry sync reset-global full overflow handover crash default reset".split(' ');
 let order: Vec<&str> = order.collect();
 for m in Mutant::ALL {
  let Some((_,prop)) = WANT.iter().find(|(n,_)| *n==m.name()) else { println!("// {} unwanted", m); continue };
  let mut done=false;
  for s in &order {
   let scope = spillway_model::Scope::builtin(s, SOMETIMES_NAMES).unwrap();
   let o = Options{ mutant: Some(*m), property: Some(catalog::find(prop).unwrap()), until: Until::FirstViolation, states_max: std::num::NonZero::new(8_000_000), ..Default::default()};
   let r = check(&scope,&o,&mut |_|Go::On).unwrap();
   let f = r.finding(prop).unwrap();
   if let Some(p)=&f.path { println!("    bug(Mutant::{m:?}, \"{prop}\", \"{s}\", {}), // {} states {:.1}s", p.len(), r.unique_states, r.seconds); done=true; break; }
  }
  if !done { println!("// !!! {} {prop} SURVIVES", m); }
 }
}
