//! The guarantees of Spillway as properties of its model.

pub mod always;
pub mod catalog;
pub mod check;
pub mod checked;
pub mod eventually;
pub mod ghost;
pub mod judged;
pub mod machine;
pub mod promises;
pub mod report;
pub mod sizes;
pub mod sometimes;
#[cfg(feature = "proptest")]
pub mod strategies;

pub use catalog::{ALWAYS, Kind, Known, SOMETIMES, SOMETIMES_NAMES};
pub use check::{Go, Options, Progress, TooLarge, Until, check};
pub use checked::{Broken, Checked, CheckedState, Judged, SCOPE_BOUNDS};
pub use eventually::{EVENTUALLY, UNDECIDED};
pub use machine::CheckedMachine;
pub use promises::{PROMISES, Promise, promise};
pub use report::{Finding, Overall, Report, Stopped, Verdict};
