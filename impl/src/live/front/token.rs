//! Strings nobody can guess, from the randomness that the caller passes in: stream ids, nonces,
//! resources.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Fills a slice with random bytes; the caller's generator must be fit for secrets.
pub type Random<'a> = dyn FnMut(&mut [u8]) + 'a;

/// Random bytes in one token: 144 bits, which makes 24 characters without padding.
pub const TOKEN_BYTES: usize = 18;

/// A fresh token of letters, digits, `-` and `_`: fit for an attribute, a resource and a SCRAM nonce.
pub fn fresh(random: &mut Random<'_>) -> String {
    let mut bytes = [0; TOKEN_BYTES];
    random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
