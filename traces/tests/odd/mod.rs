//! A protocol whose words are all that a format can stumble over, and a step at which two nodes act.

use std::fmt;

use serde::{Deserialize, Serialize};
use spillway_traces::{Event, Header, Observed, Sent, Source, Trace, Vocabulary};

/// A node with a name that is no word, or that of another but for a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Name(u8);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["a b", "a_b", "", "\"q\\\"\n"][usize::from(self.0)])
    }
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Happening {
    /// A link is reset, and its other end says so to a third.
    Reset,
    /// The third hears of it.
    Hear,
    /// Somebody else does nothing.
    Idle,
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"reset\" {a}\\n\nb")
    }
}

/// The vocabulary.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Odd;

impl Vocabulary for Odd {
    type Node = Name;
    type Action = Happening;
    type Message = String;
    type Note = String;
    const NAME: &'static str = "odd";
    const ACTIONS: &'static [&'static str] = &["reset", "hear", "idle"];

    fn node(action: &Happening) -> Name {
        match action {
            Happening::Reset => Name(0),
            Happening::Hear => Name(2),
            Happening::Idle => Name(3),
        }
    }
    fn delivers(action: &Happening) -> Option<(Name, Name)> {
        matches!(action, Happening::Hear).then_some((Name(1), Name(2)))
    }
    fn is_fault(action: &Happening) -> bool {
        matches!(action, Happening::Reset)
    }
}

/// A reset at which the other end sends, its message heard, and a step of a stranger.
pub(crate) fn trace() -> Trace<Odd> {
    let message = "\\n\n{\"x\": 1}".to_owned();
    let sent = vec![Sent { from: Name(1), to: Name(2), message: message.clone() }];
    let event = |index, action: Happening, cause, observed| Event {
        index,
        time: index,
        node: Odd::node(&action),
        action,
        cause,
        observed,
    };
    let events = vec![
        event(0, Happening::Reset, None, Observed { sent, ..Observed::default() }),
        event(1, Happening::Hear, Some(0), Observed { took: Some(message), ..Observed::default() }),
        event(2, Happening::Idle, None, Observed::default()),
    ];
    Trace::new(Header::new::<Odd>(Source::Live, 0, serde_json::json!({})), events)
}
