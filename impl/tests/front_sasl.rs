//! SCRAM and PLAIN: the examples of the RFCs to the byte, and what must be refused.

#[path = "front/mod.rs"]
mod rig;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use spillway_impl::live::front::prep::{PASSWORD_BYTES_MAX, localpart};
use spillway_impl::live::front::sasl::{
    Accounts, Denied, Hash, PasswordError, Realm, Verifier, plain,
};
use spillway_impl::live::front::scram::{NONCE_BYTES_MAX, Scram};

/// One account, whose name and verifier the test chooses.
struct One(&'static str, Verifier);

impl Accounts for One {
    fn verifier(&self, account: &str, hash: Hash) -> Option<Verifier> {
        (account == self.0 && hash == self.1.hash).then(|| self.1.clone())
    }
}

fn pencil(hash: Hash, salt: &str) -> One {
    let salt = STANDARD.decode(salt).expect("base64");
    One("user", Verifier::new("pencil", hash, &salt, 4096).expect("a good password"))
}

fn realm(accounts: &dyn Accounts) -> Realm<'_> {
    Realm { domain: "example.org", secret: &[7; 32], accounts }
}

fn denied(accounts: &dyn Accounts, message: &str) -> Denied {
    match Scram::begin(message.as_bytes(), Hash::Sha256, "xyz", &realm(accounts)) {
        Ok(_) => panic!("{message} was accepted"),
        Err(denied) => denied,
    }
}

fn user() -> One {
    pencil(Hash::Sha256, "W22ZaJ0SNY7soEsUEjb6gQ==")
}

#[test]
fn the_example_of_rfc_5802() {
    let accounts = pencil(Hash::Sha1, "QSXCR+Q6sek8bf92");
    let (exchange, challenge) = Scram::begin(
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        Hash::Sha1,
        "3rfcNHYJY1ZVvWVs7j",
        &realm(&accounts),
    )
    .expect("a first message");
    assert_eq!(challenge, "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
    let proven = exchange
        .finish(
            b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        )
        .expect("a proof");
    assert_eq!(proven.account, "user");
    assert_eq!(proven.server_final, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
}

#[test]
fn the_example_of_rfc_7677() {
    let accounts = user();
    let (exchange, challenge) = Scram::begin(
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        Hash::Sha256,
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        &realm(&accounts),
    )
    .expect("a first message");
    assert_eq!(
        challenge,
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    );
    let proven = exchange
        .finish(
            b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
              p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        )
        .expect("a proof");
    assert_eq!(proven.server_final, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

#[test]
fn one_bit_of_the_proof_decides() {
    let accounts = user();
    let begin = || {
        let message = b"n,,n=user,r=abc";
        Scram::begin(message, Hash::Sha256, "xyz", &realm(&accounts)).expect("a first message")
    };
    let (_, challenge) = begin();
    let (last, _) = rig::client_final(false, "pencil", "n=user,r=abc", &challenge);
    assert!(begin().0.finish(last.as_bytes()).is_ok());
    let (start, proof) = last.split_once(",p=").expect("a proof");
    let bytes = STANDARD.decode(proof).expect("base64");
    for bit in 0..bytes.len() * 8 {
        let mut wrong = bytes.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        let message = format!("{start},p={}", STANDARD.encode(wrong));
        let denied = begin().0.finish(message.as_bytes()).expect_err("a wrong proof");
        assert_eq!(denied.condition, "not-authorized");
        assert_eq!(denied.account.as_deref(), Some("user"));
    }
}

/// How an exchange ends for a client that began with this header and signs these fields well.
fn signed(header: &str, without_proof: &str) -> Result<String, &'static str> {
    let accounts = user();
    let first = format!("{header}n=user,r=abc");
    let (exchange, challenge) =
        Scram::begin(first.as_bytes(), Hash::Sha256, "xyz", &realm(&accounts)).expect("begins");
    let (last, _) = rig::client_signs(false, "pencil", "n=user,r=abc", &challenge, without_proof);
    exchange.finish(last.as_bytes()).map(|p| p.account).map_err(|d| d.condition)
}

#[test]
fn the_second_message_must_repeat_nonce_and_header() {
    assert_eq!(signed("n,,", "c=biws,r=abcxyz"), Ok("user".to_owned()));
    assert_eq!(signed("n,,", "c=biws,r=abcxyz,ext=1"), Ok("user".to_owned()));
    assert_eq!(signed("n,,", "c=biws,r=abcxy"), Err("not-authorized"));
    assert_eq!(signed("n,,", "c=biws,r=xyz"), Err("not-authorized"));
    // A client that could bind a channel says `y,,`, which is `eSws`. If header and second message
    // differ, somebody between changed one of them.
    assert_eq!(signed("y,,", "c=eSws,r=abcxyz"), Ok("user".to_owned()));
    assert_eq!(signed("y,,", "c=biws,r=abcxyz"), Err("not-authorized"));
    assert_eq!(signed("n,,", "c=eSws,r=abcxyz"), Err("not-authorized"));
}

#[test]
fn what_is_not_scram_is_malformed() {
    let accounts = user();
    for message in [
        "",
        "n",
        "n,",
        "n,,",
        "n,,n=user",
        "n,,r=abc,n=user",
        "n,,n=,r=abc",
        "n,,n=user,r=",
        "n,,n=user,r=a b",
        "n,,n=us=er,r=abc",
        "n,,n=us=2cer,r=abc",
        "n,,m=ext,n=user,r=abc",
        "n,x,n=user,r=abc",
        "z,,n=user,r=abc",
        "p=tls-exporter,,n=user,r=abc",
    ] {
        assert_eq!(denied(&accounts, message).condition, "malformed-request", "{message}");
    }
    let long = format!("n,,n=user,r={}", "a".repeat(NONCE_BYTES_MAX + 1));
    assert_eq!(denied(&accounts, &long).condition, "malformed-request");
    assert_eq!(
        denied(&accounts, "p=tls-exporter,,n=user,r=abc").text,
        Some("channel binding is not supported")
    );
    let binary = Scram::begin(b"n,,n=\xff,r=abc", Hash::Sha256, "xyz", &realm(&accounts));
    assert_eq!(binary.err().map(|d| d.condition), Some("malformed-request"));
}

#[test]
fn what_is_not_a_second_message_is_malformed() {
    let accounts = user();
    let none = STANDARD.encode([0; 32]);
    let short = STANDARD.encode([0; 31]);
    for message in [
        String::new(),
        "c=biws,r=abcxyz".to_owned(),
        format!("r=abcxyz,c=biws,p={none}"),
        format!("c=biws,p={none}"),
        format!("c=bi!s,r=abcxyz,p={none}"),
        "c=biws,r=abcxyz,p=!".to_owned(),
        format!("c=biws,r=abcxyz,p={short}"),
        format!("c=biws,r=abcxyz,p={none},x=y"),
    ] {
        let (exchange, _) =
            Scram::begin(b"n,,n=user,r=abc", Hash::Sha256, "xyz", &realm(&accounts))
                .expect("begins");
        let denied = exchange.finish(message.as_bytes()).expect_err("not a message");
        assert_eq!(denied.condition, "malformed-request", "{message}");
    }
}

#[test]
fn nobody_acts_as_somebody_else() {
    let accounts = user();
    let begin = |authzid: &str| {
        let message = format!("n,{authzid},n=User,r=abc");
        Scram::begin(message.as_bytes(), Hash::Sha256, "xyz", &realm(&accounts)).map(|_| ())
    };
    assert_eq!(begin(""), Ok(()));
    assert_eq!(begin("a=user@example.org"), Ok(()));
    assert_eq!(begin("a=USER@Example.Org"), Ok(()));
    for other in ["a=user", "a=user@example.com", "a=root@example.org", "a=user@example.org/x"] {
        assert_eq!(begin(other).map_err(|d| d.condition), Err("invalid-authzid"), "{other}");
    }
    let plain_as =
        |authzid: &str| plain(format!("{authzid}\0user\0pencil").as_bytes(), &realm(&accounts));
    assert_eq!(plain_as("user@example.org"), Ok("user".to_owned()));
    assert_eq!(plain_as("root@example.org").map_err(|d| d.condition), Err("invalid-authzid"));
}

#[test]
fn an_unknown_account_looks_like_a_known_one() {
    let accounts = user();
    let challenge = |name: &str, secret: &[u8; 32], hash: Hash| {
        let realm = Realm { domain: "example.org", secret, accounts: &accounts };
        let message = format!("n,,n={name},r=abc");
        Scram::begin(message.as_bytes(), hash, "xyz", &realm).expect("a challenge").1
    };
    let salt = |challenge: &str| {
        let field = challenge.split(',').find_map(|f| f.strip_prefix("s="));
        STANDARD.decode(field.expect("a salt")).expect("base64")
    };
    let ghost = challenge("ghost", &[7; 32], Hash::Sha256);
    assert_eq!(ghost, challenge("Ghost", &[7; 32], Hash::Sha256), "the same each time");
    assert_eq!(salt(&ghost).len(), 16);
    assert!(ghost.ends_with(",i=10000"));
    assert_ne!(ghost, challenge("ghosts", &[7; 32], Hash::Sha256));
    assert_ne!(ghost, challenge("ghost", &[8; 32], Hash::Sha256));
    assert_ne!(ghost, challenge("ghost", &[7; 32], Hash::Sha1));
    // A name that no account can have takes the same steps.
    assert_eq!(salt(&challenge("a@b", &[7; 32], Hash::Sha256)).len(), 16);
}

#[test]
fn names_and_passwords_have_one_form() {
    let nobody = One("a,b=c", user().1);
    let begin = |name: &str| {
        let message = format!("n,,n={name},r=abc");
        let begun = Scram::begin(message.as_bytes(), Hash::Sha256, "xyz", &realm(&nobody));
        begun.expect("begins").0.account().map(str::to_owned)
    };
    assert_eq!(begin("a=2CB=3Dc"), Some("a,b=c".to_owned()));
    assert_eq!(begin("a@b"), None);

    // Too long as it was typed, though little would be left of it.
    assert_eq!(begin(&format!("a{}", "\u{ad}".repeat(600))), None);
    assert_eq!(begin(&format!("a{}", "\u{ad}".repeat(500))), Some("a".to_owned()));

    // RFC 4013 §3: a soft hyphen is nothing, a roman numeral nine is two letters.
    let made = |password: &str| Verifier::new(password, Hash::Sha256, b"salt", 1);
    assert_eq!(made("I\u{ad}X"), made("IX"));
    assert_eq!(made("\u{2168}"), made("IX"));
    assert_ne!(made("ix"), made("IX"));
    assert_eq!(made(""), Err(PasswordError::Empty));
    assert_eq!(made("\u{7}"), Err(PasswordError::Refused));
    assert_eq!(made(&"x".repeat(PASSWORD_BYTES_MAX + 1)), Err(PasswordError::TooLong));
    assert!(made(&"x".repeat(PASSWORD_BYTES_MAX)).is_ok());
    assert_eq!(Verifier::new("x", Hash::Sha256, b"salt", 0), Err(PasswordError::Iterations));
}

#[test]
fn a_prepared_name_stays_as_it_is() {
    let mut changing = 0;
    for c in ('\0'..=char::MAX).filter(|c| !c.is_ascii()) {
        for name in [format!("{c}"), format!("a{c}"), format!("{c}\u{301}")] {
            if let Some(once) = localpart(&name) {
                assert_eq!(localpart(&once), Some(once), "{c:?}");
            } else if let Ok(once) = stringprep::nodeprep(&name) {
                changing += usize::from(stringprep::nodeprep(&once).is_ok_and(|two| two != once));
            }
        }
    }
    assert!(changing > 0, "no name is refused for that: the check has become useless");
}

#[test]
fn plain_checks_the_password() {
    let accounts = user();
    let tried = |message: &[u8]| plain(message, &realm(&accounts)).map_err(|d| d.condition);
    assert_eq!(tried(b"\0user\0pencil"), Ok("user".to_owned()));
    assert_eq!(tried(b"\0USER\0pencil"), Ok("user".to_owned()));
    assert_eq!(tried(b"\0user\0pencils"), Err("not-authorized"));
    assert_eq!(tried(b"\0ghost\0pencil"), Err("not-authorized"));
    for wrong in
        [&b""[..], b"user", b"\0user", b"\0\0pencil", b"\0user\0", b"\0u\0p\0x", b"\0\xff\0p"]
    {
        assert_eq!(tried(wrong), Err("malformed-request"), "{wrong:?}");
    }
}

#[test]
fn a_log_shows_no_keys() {
    let verifier = user().1;
    let shown = format!("{verifier:?}");
    assert_eq!(shown, "Verifier { hash: Sha256, iterations: 4096, .. }");
}
