//! Names and passwords in the one form in which they are compared.
//!
//! Two spellings of a name must not be two accounts, and one spelling must not be a second account
//! that only looks like the first. The profiles are those of RFC 3920 (nodeprep, resourceprep) and
//! RFC 4013 (saslprep), which clients and servers still agree on better than on PRECIS.

use std::borrow::Cow;

/// The longest part of a JID, before and after preparation (RFC 6122 §2.1).
pub const PART_BYTES_MAX: usize = 1023;

/// The longest password, before and after preparation.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// The account's name in its one form, or `None` if it cannot be one.
pub fn localpart(name: &str) -> Option<String> {
    prepared(name, stringprep::nodeprep)
}

/// The resource in its one form, or `None` if it cannot be one.
pub fn resourcepart(name: &str) -> Option<String> {
    prepared(name, stringprep::resourceprep)
}

/// The domain in its one form, or `None` if it cannot be one.
pub fn domainpart(name: &str) -> Option<String> {
    prepared(name, stringprep::nameprep)
}

/// The password in its one form, or `None` if saslprep refuses it, or it is empty or too long.
pub fn password(password: &str) -> Option<String> {
    within(password, PASSWORD_BYTES_MAX)?;
    let one = stringprep::saslprep(password).ok()?;
    within(&one, PASSWORD_BYTES_MAX)?;
    Some(one.into_owned())
}

fn prepared<E>(name: &str, profile: impl Fn(&str) -> Result<Cow<'_, str>, E>) -> Option<String> {
    within(name, PART_BYTES_MAX)?;
    let once = profile(name).ok()?.into_owned();
    within(&once, PART_BYTES_MAX)?;
    // A few characters fold into others that fold again. A name must be the same each time that it
    // passes here, or the account that logs in is not the one that was stored.
    let again = profile(&once).ok()?;
    let stable = again == once.as_str();
    drop(again);
    stable.then_some(once)
}

fn within(text: &str, bytes_max: usize) -> Option<()> {
    (!text.is_empty() && text.len() <= bytes_max).then_some(())
}
