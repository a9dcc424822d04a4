//! Workflow commands, by which GitHub Actions shows results at the top of a run.

use super::{Outcome, Suite};

/// The commands of one suite: what is wrong, then the summary.
pub(crate) fn report(suite: &Suite) -> String {
    let mut text = String::new();
    for case in &suite.cases {
        let title = format!("{}: {}", suite.name, case.name);
        text += &match &case.outcome {
            Outcome::Failed(headline, detail) => {
                command("error", &title, &format!("{headline}\n{detail}"))
            }
            Outcome::Undecided(why) => command("warning", &title, why),
            Outcome::Passed | Outcome::Skipped(_) => String::new(),
        };
    }
    text + &command("notice", &suite.name, &suite.summary)
}

fn command(kind: &str, title: &str, message: &str) -> String {
    let title = escape(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{kind} title={title}::{}\n", escape(message.trim_end()))
}

/// Text as a workflow command takes it: all on one line.
fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
