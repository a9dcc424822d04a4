//! The server's half of SCRAM (RFC 5802, RFC 7677): two messages in, two out.
//!
//! There is no channel binding, so no mechanism `-PLUS` is offered and a client that says it could
//! bind (`y`) is telling the truth about what it saw. One that insists (`p=`) is refused: an
//! attacker who took `-PLUS` off our list must not be able to go on without it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sasl::{Claim, Denied, Hash, Realm, Verifier, same};

/// The longest nonce of a client; RFC 5802 sets none, and everything after repeats it.
pub const NONCE_BYTES_MAX: usize = 256;

/// An exchange that waits for the client's second message.
pub struct Scram {
    account: Option<String>,
    verifier: Verifier,
    known: bool,
    gs2_header: String,
    client_first_bare: String,
    server_first: String,
    nonce: String,
}

/// An exchange that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Who logged in.
    pub account: String,
    /// The server's last message, by which it proves that it knows the verifier.
    pub server_final: String,
}

struct First<'a> {
    gs2_header: &'a str,
    authzid: String,
    bare: &'a str,
    name: String,
    nonce: &'a str,
}

impl Scram {
    /// Takes the client's first message and gives the server's. `nonce` is the server's part: fresh,
    /// unguessable, printable and without a comma.
    pub fn begin(
        message: &[u8],
        hash: Hash,
        nonce: &str,
        realm: &Realm<'_>,
    ) -> Result<(Self, String), Denied> {
        let first = First::parse(utf8(message)?)?;
        let Claim { account, verifier, known } = realm.claim(&first.name, hash);
        if !realm.allows(&first.authzid, account.as_deref()) {
            return Err(Denied { account, ..Denied::because("invalid-authzid") });
        }
        let nonce = format!("{}{nonce}", first.nonce);
        let salt = STANDARD.encode(&verifier.salt);
        let server_first = format!("r={nonce},s={salt},i={}", verifier.iterations);
        let exchange = Self {
            account,
            verifier,
            known,
            gs2_header: first.gs2_header.to_owned(),
            client_first_bare: first.bare.to_owned(),
            server_first: server_first.clone(),
            nonce,
        };
        Ok((exchange, server_first))
    }

    /// The claimed account in its one form.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Takes the client's second message and gives the server's.
    pub fn finish(self, message: &[u8]) -> Result<Proven, Denied> {
        let account = self.account.clone();
        self.check(message).map_err(|denied| Denied { account, ..denied })
    }

    fn check(self, message: &[u8]) -> Result<Proven, Denied> {
        let text = utf8(message)?;
        let (without_proof, proof) =
            text.rsplit_once(",p=").ok_or(Denied::malformed("there is no proof"))?;
        let proof = decoded(proof)?;
        let mut fields = without_proof.split(',');
        let header = field(fields.next(), "c=")?;
        let nonce = field(fields.next(), "r=")?;
        if proof.len() != self.verifier.hash.output_bytes() {
            return Err(Denied::malformed("the proof has the wrong length"));
        }
        // Both come from the client itself or went over its wire: no need to hide where they differ.
        if decoded(header)? != self.gs2_header.as_bytes() || nonce != self.nonce {
            return Err(Denied::wrong(None));
        }
        let about = format!("{},{},{without_proof}", self.client_first_bare, self.server_first);
        let right = self.proves(&proof, about.as_bytes());
        match self.account {
            Some(account) if right && self.known => {
                let signature =
                    self.verifier.hash.sign(&self.verifier.server_key, about.as_bytes());
                let server_final = format!("v={}", STANDARD.encode(signature.as_ref()));
                Ok(Proven { account, server_final })
            }
            _ => Err(Denied::wrong(None)),
        }
    }

    fn proves(&self, proof: &[u8], about: &[u8]) -> bool {
        let Verifier { hash, stored_key, .. } = &self.verifier;
        let signature = hash.sign(stored_key, about);
        let client_key: Vec<u8> =
            proof.iter().zip(signature.as_ref()).map(|(p, s)| p ^ s).collect();
        same(hash.of(&client_key).as_ref(), stored_key)
    }
}

impl<'a> First<'a> {
    fn parse(text: &'a str) -> Result<Self, Denied> {
        let short = || Denied::malformed("the first message of SCRAM is too short");
        let (binding, rest) = text.split_once(',').ok_or_else(short)?;
        match binding {
            "n" | "y" => {}
            _ if binding.starts_with("p=") => {
                return Err(Denied::malformed("channel binding is not supported"));
            }
            _ => return Err(Denied::malformed("this is no channel binding flag")),
        }
        let (authzid, bare) = rest.split_once(',').ok_or_else(short)?;
        let gs2_header = &text[..text.len() - bare.len()];
        let authzid = match authzid {
            "" => String::new(),
            given => unescaped(field(Some(given), "a=")?)?,
        };
        let mut fields = bare.split(',');
        let name = fields.next();
        if name.is_some_and(|n| n.starts_with("m=")) {
            return Err(Denied::malformed("extensions of SCRAM are not supported"));
        }
        let name = unescaped(field(name, "n=")?)?;
        let nonce = field(fields.next(), "r=")?;
        let printable = nonce.bytes().all(|b| matches!(b, 0x21..=0x7e));
        if name.is_empty() || nonce.is_empty() || nonce.len() > NONCE_BYTES_MAX || !printable {
            return Err(Denied::malformed("this is no name or no nonce"));
        }
        Ok(Self { gs2_header, authzid, bare, name, nonce })
    }
}

/// A name as it was before `,` became `=2C` and `=` became `=3D`.
fn unescaped(name: &str) -> Result<String, Denied> {
    let mut parts = name.split('=');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (sign, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return Err(Denied::malformed("a name has an escape that does not exist")),
        };
        plain.push(sign);
        plain.push_str(rest);
    }
    Ok(plain)
}

fn field<'a>(given: Option<&'a str>, key: &str) -> Result<&'a str, Denied> {
    given
        .and_then(|text| text.strip_prefix(key))
        .ok_or(Denied::malformed("a field of SCRAM is missing or out of place"))
}

fn utf8(message: &[u8]) -> Result<&str, Denied> {
    std::str::from_utf8(message).map_err(|_| Denied::malformed("this is not UTF-8"))
}

fn decoded(text: &str) -> Result<Vec<u8>, Denied> {
    STANDARD.decode(text).map_err(|_| Denied::malformed("this is not base64"))
}
