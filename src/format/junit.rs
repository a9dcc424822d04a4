//! The JUnit report, as build servers read it.

use std::fmt::Write;

use super::{Case, Outcome, Suite};

/// The report of one suite.
pub(crate) fn report(suite: &Suite) -> String {
    let number =
        |what: fn(&Outcome) -> bool| suite.cases.iter().filter(|c| what(&c.outcome)).count();
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        suite.cases.len(),
        number(|outcome| matches!(outcome, Outcome::Failed(..))),
        number(|outcome| matches!(outcome, Outcome::Undecided(_))),
        number(|outcome| matches!(outcome, Outcome::Skipped(_))),
        suite.seconds,
    );
    let name = escape(&suite.name);
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(text, "<testsuites {counts}>\n  <testsuite name=\"{name}\" {counts}>");
    for case in &suite.cases {
        text += &testcase(&name, case);
    }
    text + "  </testsuite>\n</testsuites>\n"
}

fn testcase(class: &str, case: &Case) -> String {
    let open = format!("    <testcase classname=\"{class}\" name=\"{}\"", escape(&case.name));
    let with = |element: String| format!("{open}>\n      {element}\n    </testcase>\n");
    match &case.outcome {
        Outcome::Passed => format!("{open}/>\n"),
        Outcome::Failed(headline, detail) => {
            with(format!("<failure message=\"{}\">{}</failure>", escape(headline), escape(detail)))
        }
        Outcome::Undecided(why) => with(format!("<error message=\"{}\"/>", escape(why))),
        Outcome::Skipped(why) => with(format!("<skipped message=\"{}\"/>", escape(why))),
    }
}

/// Text as XML takes it, in content and in attributes alike.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped.push('\n'),
            c if c.is_control() => escaped.push('\u{fffd}'), // XML 1.0 has no way to write most of them
            c => escaped.push(c),
        }
    }
    escaped
}
