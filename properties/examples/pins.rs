use spillway_properties::*;
fn main(){
 for (name,_) in spillway_model::scope::BUILTIN {
  if *name=="deep" {continue;}
  let scope = spillway_model::Scope::builtin(name, SOMETIMES_NAMES).unwrap();
  let r = check(&scope,&Options::default(),&mut |_|Go::On).unwrap();
  println!("    (\"{name}\", {}, {}, {}), {:?} {:.1}", r.unique_states, r.generated_states, r.depth, r.overall(), r.seconds);
  for f in &r.findings { if matches!(f.verdict, Verdict::Violated|Verdict::NotReached) { println!("  {} {:?}", f.name, f.verdict);} }
 }
}
