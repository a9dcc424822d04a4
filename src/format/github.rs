//! Workflow commands, by which GitHub Actions shows results at the top of a run.

use std::collections::BTreeMap;

use super::{Outcome, Suite};

/// The commands of one suite: what is wrong, what is undecided, then the summary.
pub(crate) fn report(suite: &Suite) -> String {
    let mut text = String::new();
    for case in &suite.cases {
        if let Outcome::Failed(headline, detail) = &case.outcome {
            let title = format!("{}: {}", suite.name, case.name);
            text += &command("error", &title, &format!("{headline}\n{detail}"));
        }
    }
    for (why, names) in undecided(suite) {
        let title = format!("{}: undecided", suite.name);
        text += &command("warning", &title, &format!("{why}\n{}", names.join(", ")));
    }
    text + &command("notice", &suite.name, &suite.summary)
}

/// The cases that nobody decided, by reason: one that ends a run leaves many undecided at once.
fn undecided(suite: &Suite) -> BTreeMap<&str, Vec<&str>> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in &suite.cases {
        if let Outcome::Undecided(why) = &case.outcome {
            reasons.entry(why).or_default().push(&case.name);
        }
    }
    reasons
}

fn command(kind: &str, title: &str, message: &str) -> String {
    let title = escape(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}\n", escape(message.trim_end()))
}

/// Text as a workflow command takes it: all on one line.
fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
