//! What the server keeps of a password, and how a password or a proof of it is checked against it.
//!
//! The server never stores a password. It stores what RFC 5802 §3 derives from one, once for each
//! hash: from that, nobody can log in without undoing the derivation.

use std::fmt;
use std::num::NonZeroU32;

use ring::{digest, hmac, pbkdf2};

use super::prep;

/// Rounds of PBKDF2 for a new verifier, for both hashes.
///
/// RFC 7677 §4 asks for at least 4096 and gives 15 000 as a tenth of a second of a desktop of its
/// time, and warns of phones. 10 000 lies between. More would protect a stolen table better, but
/// each log-in by PLAIN costs the server all of these rounds, and an attacker needs no account to
/// make it pay.
pub const ITERATIONS: u32 = 10_000;

/// Bytes of the salt of a new verifier. The caller draws them.
pub const SALT_BYTES: usize = 16;

/// The hash functions that a client can choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// For clients that know no better. Its weakness, collisions, does not touch HMAC.
    Sha1,
    /// The one to use.
    Sha256,
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        }
    }

    /// The length of its output.
    pub fn output_bytes(self) -> usize {
        self.digest().output_len()
    }

    pub(super) fn sign(self, key: &[u8], message: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(self.hmac(), key), message)
    }

    pub(super) fn of(self, bytes: &[u8]) -> digest::Digest {
        digest::digest(self.digest(), bytes)
    }
}

/// Why no verifier can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// Nothing is left to type.
    Empty,
    /// Longer than [`prep::PASSWORD_BYTES_MAX`].
    TooLong,
    /// It has characters that saslprep refuses, which no client could send.
    Refused,
    /// Zero rounds are no derivation.
    Iterations,
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the password is empty",
            Self::TooLong => "the password is too long",
            Self::Refused => "the password has characters that are not allowed",
            Self::Iterations => "the number of iterations is zero",
        })
    }
}

impl std::error::Error for PasswordError {}

/// What is stored of a password for one hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    /// The hash that all of this is of.
    pub hash: Hash,
    /// The salt.
    pub salt: Vec<u8>,
    /// The rounds of PBKDF2.
    pub iterations: u32,
    /// What a client's proof is checked against.
    pub stored_key: Vec<u8>,
    /// What the server proves itself with.
    pub server_key: Vec<u8>,
}

impl fmt::Debug for Verifier {
    /// Without the keys: a log is no place for them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// Derives a verifier from a new password.
    pub fn new(
        password: &str,
        hash: Hash,
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, PasswordError> {
        if password.is_empty() {
            return Err(PasswordError::Empty);
        }
        if password.len() > prep::PASSWORD_BYTES_MAX {
            return Err(PasswordError::TooLong);
        }
        let password = prep::password(password).ok_or(PasswordError::Refused)?;
        let rounds = NonZeroU32::new(iterations).ok_or(PasswordError::Iterations)?;
        Ok(Self::derived(&password, hash, salt, rounds))
    }

    fn derived(password: &str, hash: Hash, salt: &[u8], rounds: NonZeroU32) -> Self {
        let mut salted = vec![0; hash.output_bytes()];
        pbkdf2::derive(hash.pbkdf2(), rounds, salt, password.as_bytes(), &mut salted);
        let client_key = hash.sign(&salted, b"Client Key");
        Self {
            hash,
            salt: salt.to_vec(),
            iterations: rounds.get(),
            stored_key: hash.of(client_key.as_ref()).as_ref().to_vec(),
            server_key: hash.sign(&salted, b"Server Key").as_ref().to_vec(),
        }
    }

    /// The verifier of an account that does not exist: always the same for the same name, so that
    /// asking twice tells nothing, and with keys that belong to no password.
    ///
    /// Real verifiers must have [`ITERATIONS`] rounds and [`SALT_BYTES`] of salt, or the difference
    /// tells which accounts exist.
    pub fn fake(name: &str, hash: Hash, secret: &[u8; 32]) -> Self {
        let about = |what: &str| {
            let message = format!("{what}\0{name}");
            hash.sign(secret, message.as_bytes()).as_ref().to_vec()
        };
        let mut salt = about("salt");
        salt.truncate(SALT_BYTES);
        Self {
            hash,
            salt,
            iterations: ITERATIONS,
            stored_key: about("stored"),
            server_key: about("server"),
        }
    }

    /// Whether this is the password, at the full price of a derivation whatever the answer.
    pub fn accepts(&self, password: &str) -> bool {
        let Some(password) = prep::password(password) else { return false };
        let Some(rounds) = NonZeroU32::new(self.iterations) else { return false };
        let given = Self::derived(&password, self.hash, &self.salt, rounds);
        same(&given.stored_key, &self.stored_key)
    }
}

/// Compares in a time that does not tell where the difference is.
///
/// `ring` gives that only as the check of a tag, so this compares the tags of both under a key
/// that need not be secret.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"compare");
    hmac::verify(&key, a, hmac::sign(&key, b).as_ref()).is_ok()
}

/// Where the verifiers are kept.
pub trait Accounts {
    /// The verifier of an account for a hash; `account` is in its one form (see
    /// [`prep::localpart`]).
    fn verifier(&self, account: &str, hash: Hash) -> Option<Verifier>;

    /// Whether accounts can be looked up now. While not, every log-in fails with
    /// `temporary-auth-failure` instead of telling users that their passwords are wrong.
    fn available(&self) -> bool {
        true
    }
}

/// Whom a client logs in to.
#[derive(Clone, Copy)]
pub struct Realm<'a> {
    /// The server's domain, in its one form.
    pub domain: &'a str,
    /// What fake verifiers are derived from. It must outlive restarts and stay on the server.
    pub secret: &'a [u8; 32],
    /// The accounts.
    pub accounts: &'a dyn Accounts,
}

/// An account as a client named it, found or not.
pub(super) struct Claim {
    /// Its name in its one form, if it can have one.
    pub(super) account: Option<String>,
    /// What to check against.
    pub(super) verifier: Verifier,
    /// Whether the verifier is one of an account.
    pub(super) known: bool,
}

impl Realm<'_> {
    /// Looks an account up. The steps are the same whether there is one or not.
    pub(super) fn claim(&self, name: &str, hash: Hash) -> Claim {
        let account = prep::localpart(name);
        let fake = Verifier::fake(account.as_deref().unwrap_or(name), hash, self.secret);
        let found = account.as_deref().and_then(|a| self.accounts.verifier(a, hash));
        let known = found.is_some();
        Claim { account, verifier: found.unwrap_or(fake), known }
    }

    /// Whether the identity to act as is the one that logs in: there is no acting as another.
    pub(super) fn allows(&self, authzid: &str, account: Option<&str>) -> bool {
        if authzid.is_empty() {
            return true;
        }
        let Some((local, domain)) = authzid.split_once('@') else { return false };
        account.is_some()
            && prep::localpart(local).as_deref() == account
            && prep::domainpart(domain).as_deref() == Some(self.domain)
    }
}

/// A log-in that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// A condition of RFC 6120 §6.5.
    pub condition: &'static str,
    /// Words for whoever debugs a client; none where they would help a guesser.
    pub text: Option<&'static str>,
    /// The account that was claimed, in its one form, if the attempt came so far.
    pub account: Option<String>,
}

impl Denied {
    /// The client does not speak the mechanism right.
    pub(super) fn malformed(text: &'static str) -> Self {
        Self { condition: "malformed-request", text: Some(text), account: None }
    }

    /// Wrong password or no such account: nobody outside may see which.
    pub(super) fn wrong(account: Option<String>) -> Self {
        Self { condition: "not-authorized", text: None, account }
    }

    /// Of some other condition.
    pub(super) fn because(condition: &'static str) -> Self {
        Self { condition, text: None, account: None }
    }
}

/// Checks a message of PLAIN (RFC 4616) and gives the account.
pub fn plain(message: &[u8], realm: &Realm<'_>) -> Result<String, Denied> {
    let text = std::str::from_utf8(message).map_err(|_| Denied::malformed("this is not UTF-8"))?;
    let parts: Vec<&str> = text.splitn(4, '\0').collect();
    let [authzid, name, password] = parts[..] else {
        return Err(Denied::malformed("PLAIN takes three fields"));
    };
    if name.is_empty() || password.is_empty() {
        return Err(Denied::malformed("the name or the password is empty"));
    }
    let claim = realm.claim(name, Hash::Sha256);
    if !realm.allows(authzid, claim.account.as_deref()) {
        return Err(Denied { account: claim.account, ..Denied::because("invalid-authzid") });
    }
    let right = claim.verifier.accepts(password);
    match claim.account {
        Some(account) if right && claim.known => Ok(account),
        account => Err(Denied::wrong(account)),
    }
}
