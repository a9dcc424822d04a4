use spillway_model::*;

use stateright::*;
type S2 = Fixed<24, 8, 4, 8>;
#[derive(Clone)]
struct P(Protocol<S2>);
impl Model for P { type State=State<S2>; type Action=spillway_traces::Action;
 fn init_states(&self)->Vec<State<S2>>{self.0.init_states()}
 fn actions(&self,s:&State<S2>,a:&mut Vec<Self::Action>){self.0.actions(s,a)}
 fn next_state(&self,s:&State<S2>,a:Self::Action)->Option<State<S2>>{self.0.next_state(s,a)}
 fn properties(&self)->Vec<Property<Self>>{vec![Property::always("fits",|_,s:&State<S2>|s.full().is_none()), Property::always("settled",|m:&P,s:&State<S2>|{ if !crate::unsettled(s) {return true;} let mut v=vec![]; m.0.progress(s,&mut v); !v.is_empty()})]} }
fn unsettled<S:Size>(s:&State<S>)->bool{ use spillway_model::size::Table; !s.waiting.is_empty()||!s.pending.is_empty()||!s.handed.is_empty()||!s.ledger.is_empty()||!s.relay.is_empty() }
fn main(){
 let a: Vec<String> = std::env::args().collect();
 let text = std::fs::read_to_string(&a[1]).unwrap();
 let scope = Scope::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
 let t=std::time::Instant::now();
 println!("state {} B", std::mem::size_of::<State<S2>>());
 let c = P(Protocol::new(scope,None)).checker().target_state_count(150_000_000).spawn_bfs().join();
 println!("unique {} gen {} depth {} {:?}", c.unique_state_count(), c.state_count(), c.max_depth(), t.elapsed());
 for (n,p) in c.discoveries(){ println!("{n} len {}: ", p.clone().into_actions().len()); for a in p.into_actions(){println!("  {a}");}}
}
