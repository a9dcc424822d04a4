//! What the reading of a scope file finds out beside the values: what is wrong, and where each value stands.
//!
//! A value's place is kept under the path that [`super::check`] uses, so that what it finds has a line too.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::error::ScopeError;

/// What a reading found out beside the values.
pub(super) struct Notes<'a> {
    file: &'a str,
    text: &'a str,
    faults: RefCell<Vec<Fault>>,
    places: RefCell<BTreeMap<String, Range<usize>>>,
}

struct Fault {
    span: Range<usize>,
    message: String,
    expected: String,
    nearest: Option<String>,
    /// The path of the key whose absence this is.
    missing: Option<String>,
}

/// Faults that are told of one file: whoever has more has another problem.
const FAULTS_MAX: usize = 100;

impl<'a> Notes<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, faults: RefCell::default(), places: RefCell::default() }
    }

    /// An error of this file.
    pub(super) fn error(
        &self,
        span: Range<usize>,
        message: String,
        expected: String,
        nearest: Option<String>,
    ) -> ScopeError {
        ScopeError::new(self.file, self.text, span, message, expected, nearest)
    }

    /// Notes a fault.
    pub(super) fn note(
        &self,
        span: Range<usize>,
        message: String,
        expected: &str,
        nearest: Option<String>,
    ) {
        let expected = expected.to_owned();
        self.faults.borrow_mut().push(Fault { span, message, expected, nearest, missing: None });
    }

    /// Notes that the key of this path is missing.
    pub(super) fn note_missing(
        &self,
        span: Range<usize>,
        message: String,
        expected: &str,
        path: &str,
    ) {
        let (expected, missing) = (expected.to_owned(), Some(path.to_owned()));
        self.faults.borrow_mut().push(Fault { span, message, expected, nearest: None, missing });
    }

    /// Forgets that these keys are missing.
    pub(super) fn forget_missing(&self, paths: &BTreeSet<String>) {
        self.faults
            .borrow_mut()
            .retain(|fault| !fault.missing.as_ref().is_some_and(|path| paths.contains(path)));
    }

    /// Where a section that is missing would be added.
    pub(super) fn end(&self) -> Range<usize> {
        let end = self.text.trim_end().len();
        end..end
    }

    /// Notes where the value of a path stands.
    pub(super) fn note_place(&self, path: &str, span: &Range<usize>) {
        self.places.borrow_mut().insert(path.to_owned(), span.clone());
    }

    /// The place of a path, or else of the nearest thing around it that the file has, and the path of that thing.
    pub(super) fn place<'p>(&self, path: &'p str) -> (&'p str, Range<usize>) {
        let places = self.places.borrow();
        let mut path = path;
        loop {
            if let Some(span) = places.get(path) {
                return (path, span.clone());
            }
            let Some(end) = path.rfind(['.', '[']) else { return (path, 0..0) };
            path = &path[..end];
        }
    }

    /// All that was wrong, in the order of the file.
    pub(super) fn into_errors(self) -> Vec<ScopeError> {
        let mut faults = self.faults.take();
        faults.sort_by_key(|fault| fault.span.start);
        faults.truncate(FAULTS_MAX);
        faults
            .into_iter()
            .map(|fault| self.error(fault.span, fault.message, fault.expected, fault.nearest))
            .collect()
    }
}
