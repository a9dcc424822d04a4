use spillway_model::*;
use spillway_properties::*;
fn main(){
 let a: Vec<String> = std::env::args().collect();
 let text = std::fs::read_to_string(&a[1]).unwrap();
 let mut scope = if a[1].ends_with("toml") { Scope::parse(&a[1], &text, SOMETIMES_NAMES).unwrap() } else { Scope::from_json(&serde_json::from_str(&text).unwrap()).unwrap() };
 scope.sometimes = SOMETIMES_NAMES.iter().map(|s| s.to_string()).collect();
 let full = a.get(2).map(|s| s=="all").unwrap_or(false);
 if full {
   for m in Mutant::ALL {
     let o = Options{ mutant: Some(*m), until: Until::TheEnd, states_max: std::num::NonZero::new(a.get(3).map_or(3_000_000,|x|x.parse().unwrap())), ..Default::default()};
     let r = check(&scope,&o,&mut |_|Go::On).unwrap();
     print!("{:28} {:9} {:5.1}s {:?}", m.name(), r.unique_states, r.seconds, r.stopped);
     for f in r.findings.iter().filter(|f| f.verdict==Verdict::Violated) { print!(" {}@{}", f.name, f.path.as_ref().unwrap().len()); }
     println!();
   }
   return;
 }
 let mutant = a.get(2).filter(|s| *s != "none").map(|s| s.parse().unwrap());
 let o = Options{ mutant, ..Default::default()};
 let r = check(&scope,&o,&mut |_|Go::On).unwrap();
 println!("{:?} unique {} gen {} depth {} {:.1}s {:?}", r.overall(), r.unique_states, r.generated_states, r.depth, r.seconds, r.stopped);
 for f in &r.findings { if f.kind!=Kind::Eventually { println!("  {:28} {:?} {:?}", f.name, f.verdict, f.path.as_ref().map(|p|p.len())); }
   if f.verdict==Verdict::Violated { for a in f.path.as_ref().unwrap() { println!("      {a}"); } } }
 if let Some(p) = r.bound_path { for a in p { println!("      {a}"); } }
}
