//! Which namespace a prefix means at this place of the stream: rxml's raw parser does not say.

use rxml::NcName;

use super::error::StreamError;
use super::names::{XML, XMLNS};

/// Declarations in force at one time, over all open elements. Every lookup walks over them.
pub const DECLARATIONS_MAX: usize = 128;

struct Binding {
    level: usize,
    prefix: Option<NcName>,
    uri: String,
}

/// The declarations of the open elements, the innermost last.
#[derive(Default)]
pub struct Scopes {
    bindings: Vec<Binding>,
}

impl Scopes {
    /// Notes `xmlns='uri'` or `xmlns:prefix='uri'` on the element at this level.
    pub fn declare(
        &mut self,
        level: usize,
        prefix: Option<NcName>,
        uri: String,
    ) -> Result<(), StreamError> {
        let mut own = self.bindings.iter().rev().take_while(|b| b.level == level);
        if own.any(|b| b.prefix == prefix) {
            return Err(StreamError::malformed("a namespace is declared twice on an element"));
        }
        // rxml checks the same for the prefix `xml`; this one would come out again as a
        // declaration that no reader accepts.
        if uri == XMLNS {
            return Err(StreamError::malformed("the namespace of xmlns is reserved"));
        }
        if self.bindings.len() >= DECLARATIONS_MAX {
            return Err(StreamError::policy("too many namespace declarations"));
        }
        self.bindings.push(Binding { level, prefix, uri });
        Ok(())
    }

    /// Forgets what the element at this level declared.
    pub fn leave(&mut self, level: usize) {
        while self.bindings.last().is_some_and(|b| b.level >= level) {
            self.bindings.pop();
        }
    }

    /// The namespace of a prefix, or the default namespace; `None` if the prefix is not declared.
    pub fn find(&self, prefix: Option<&str>) -> Option<&str> {
        if prefix == Some("xml") {
            return Some(XML);
        }
        let found =
            self.bindings.iter().rev().find(|b| b.prefix.as_ref().map(|p| p.as_str()) == prefix);
        match (found, prefix) {
            (Some(binding), _) => Some(&binding.uri),
            (None, None) => Some(""),
            (None, Some(_)) => None,
        }
    }
}
