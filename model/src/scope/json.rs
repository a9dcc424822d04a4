//! A scope as a trace's header carries it.

use std::fmt;

use serde_json::Value;

use super::{Impossible, Request, Scope};

/// Why a header's scope is refused.
#[derive(Debug)]
pub enum ScopeJsonError {
    /// It is not the JSON of a scope: a key is missing, unknown or of the wrong type.
    Shape(serde_json::Error),
    /// It is one that cannot be.
    Impossible(Impossible),
}

impl fmt::Display for ScopeJsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(error) => write!(formatter, "not a scope: {error}"),
            Self::Impossible(impossible) => write!(formatter, "{impossible}"),
        }
    }
}

impl std::error::Error for ScopeJsonError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Shape(error) => Some(error),
            Self::Impossible(impossible) => Some(impossible),
        }
    }
}

impl Scope {
    /// Reads a scope from a trace's header and checks it. Names of "sometimes" properties are taken as they are: a
    /// trace may be older or newer than the list of them.
    ///
    /// # Errors
    /// It is not the JSON of a scope, or one that cannot be.
    pub fn from_json(value: &Value) -> Result<Scope, ScopeJsonError> {
        let scope =
            <Scope as serde::Deserialize>::deserialize(value).map_err(ScopeJsonError::Shape)?;
        for (place, request) in scope.requests.iter().enumerate() {
            check_keys(place, request, &value["requests"][place])
                .map_err(ScopeJsonError::Impossible)?;
        }
        scope.check().map_err(ScopeJsonError::Impossible)?;
        Ok(scope)
    }

    /// The scope as a trace's header carries it.
    pub fn to_json(&self) -> Value {
        json(self)
    }
}

/// Refuses keys that the request does not have, which serde cannot do for a flattened body.
fn check_keys(place: usize, request: &Request, written: &Value) -> Result<(), Impossible> {
    let known = json(request);
    let stray = written
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .find(|key| known.get(key).is_none());
    let Some(key) = stray else { return Ok(()) };
    let expected =
        known.as_object().into_iter().flat_map(serde_json::Map::keys).map(String::as_str);
    Err(Impossible {
        path: format!("requests[{place}].{key}"),
        message: "does not belong there".to_owned(),
        expected: super::names::one_of(expected),
    })
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value)
        .expect("a scope is made of strings, integers and lists, which JSON always has")
}
