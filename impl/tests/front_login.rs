//! Log-in as whole dialogues: what goes wrong, how often it may, and what TLS has to come before.

#[path = "front/mod.rs"]
mod rig;

use rig::*;
use spillway_impl::live::front::stream::Tls;

#[test]
fn a_wrong_password_and_an_unknown_account_look_the_same() {
    let tried = |sha1: bool, name: &str| {
        let mut peer = Peer::new(Tls::None);
        peer.say(HEAD);
        let mechanism = if sha1 { "SCRAM-SHA-1" } else { "SCRAM-SHA-256" };
        let bare = format!("n={name},r=abc");
        let challenge = peer.say(&auth(mechanism, format!("n,,{bare}").as_bytes()));
        let (last, _) = rig::client_final(sha1, "wrong", &bare, &rig::content(&challenge));
        let refused = peer.say(&response(&last));
        let plain = peer.say(&auth("PLAIN", format!("\0{name}\0wrong").as_bytes()));
        (challenge.len(), refused, plain, peer.happened())
    };
    for sha1 in [false, true] {
        let (length, refused, plain, happened) = tried(sha1, "alice");
        let failure =
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>";
        assert_eq!((refused.as_str(), plain.as_str()), (failure, failure));
        assert_eq!(happened, ["failed alice", "failed alice"]);
        let ghost = tried(sha1, "ghost");
        assert_eq!((ghost.0, ghost.1, ghost.2), (length, refused, plain));
        assert_eq!(ghost.3, ["failed ghost", "failed ghost"]);
    }
}

#[test]
fn the_third_failure_closes_the_stream() {
    let mut peer = Peer::new(Tls::None);
    peer.say(HEAD);
    let wrong = auth("PLAIN", b"\0alice\0wrong");
    let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>";
    assert_eq!(peer.say(&wrong), failure);
    assert_eq!(peer.say(&wrong), failure);
    let last = peer.say(&wrong);
    let ends = last.strip_prefix(failure).expect("the failure comes first");
    assert!(ends.starts_with(
        "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
    ));
    assert!(ends.ends_with("</stream:error></stream:stream>"));
    assert_eq!(peer.happened(), ["failed alice", "failed alice", "failed alice", "closed"]);
    assert_eq!(peer.say(&auth("PLAIN", b"\0alice\0secret")), "");
    assert_eq!(peer.happened(), Vec::<String>::new());
}

#[test]
fn two_failures_leave_a_third_attempt() {
    let mut peer = Peer::new(Tls::None);
    peer.say(HEAD);
    let wrong = auth("PLAIN", b"\0alice\0wrong");
    peer.feed(wrong.repeat(2).as_bytes());
    assert_eq!(peer.happened(), ["failed alice", "failed alice"]);
    peer.heard();
    assert!(peer.say(&auth("PLAIN", b"\0alice\0secret")).starts_with("<success"));
}

/// What the first attempt gets, on a stream that has sent its mechanisms.
fn refusal(attempt: &str) -> (String, Vec<String>) {
    let mut peer = Peer::new(Tls::None);
    peer.say(HEAD);
    let heard = peer.say(attempt);
    assert!(!peer.is_closed(), "{attempt} closed the stream: {heard}");
    (heard, peer.happened())
}

#[test]
fn attempts_that_go_wrong_get_their_condition() {
    let sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    let first = auth("SCRAM-SHA-256", b"n,,n=alice,r=abc");
    for (attempt, condition) in [
        (auth("EXTERNAL", b"x"), "invalid-mechanism"),
        (format!("<auth {sasl}/>"), "invalid-mechanism"),
        (format!("<auth {sasl} mechanism='PLAIN'>!</auth>"), "incorrect-encoding"),
        (format!("<auth {sasl} mechanism='PLAIN'>=</auth>"), "malformed-request"),
        (auth("PLAIN", b"alice"), "malformed-request"),
        (auth("PLAIN", b"bob@example.org\0alice\0secret"), "invalid-authzid"),
        (auth("SCRAM-SHA-256", b"p=tls-unique,,n=alice,r=abc"), "malformed-request"),
        (format!("<response {sasl}/>"), "malformed-request"),
        (format!("<abort {sasl}/>"), "aborted"),
        (format!("{first}<abort {sasl}/>"), "aborted"),
        (format!("{first}{first}"), "malformed-request"),
        (format!("{first}<response {sasl}>!</response>"), "incorrect-encoding"),
        (format!("{first}<response {sasl}/>"), "malformed-request"),
    ] {
        let (heard, happened) = refusal(&attempt);
        assert!(heard.contains(&format!("<failure {sasl}><{condition}/>")), "{attempt}: {heard}");
        assert_eq!(happened.len(), 1, "{attempt}: {happened:?}");
    }
}

#[test]
fn an_aborted_attempt_can_be_followed_by_another() {
    let mut peer = Peer::new(Tls::None);
    peer.say(HEAD);
    peer.say(&auth("SCRAM-SHA-256", b"n,,n=alice,r=abc"));
    peer.say("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert_eq!(peer.happened(), ["failed alice"]);
    let (success, _) = rig::scram(&mut peer, false, "alice", rig::PASSWORD);
    assert!(success.starts_with("<success"), "{success}");
}

#[test]
fn attempts_without_end_are_cut_off() {
    for attempt in ["<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>"] {
        let mut peer = Peer::new(Tls::None);
        peer.say(HEAD);
        let mut said = 0;
        while !peer.is_closed() && said < 100 {
            peer.say(attempt);
            said += 1;
        }
        assert_eq!(said, 6, "every second drops the one before and is a failure");
    }
}

#[test]
fn accounts_that_cannot_be_looked_up_are_not_wrong_passwords() {
    let mut peer = Peer::new(Tls::None);
    peer.table.available = false;
    peer.say(HEAD);
    assert_eq!(
        peer.say(&auth("PLAIN", b"\0alice\0secret")),
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>"
    );
}

#[test]
fn nobody_logs_in_before_tls() {
    let mut peer = Peer::new(Tls::Required);
    peer.say(HEAD);
    assert_eq!(
        peer.say(&auth("PLAIN", b"\0alice\0secret")),
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><encryption-required/></failure>"
    );
    assert_eq!(peer.happened(), ["failed"]);
    // The attempts before TLS count with those after it.
    peer.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    peer.stream.secured();
    peer.say(HEAD);
    peer.feed(auth("PLAIN", b"\0alice\0wrong").repeat(2).as_bytes());
    assert!(peer.is_closed());
}

#[test]
fn nothing_is_smuggled_in_before_tls() {
    let mut peer = Peer::new(Tls::Required);
    peer.say(HEAD);
    let heard = peer.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><auth/>");
    assert_eq!(heard, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
    assert_eq!(peer.happened(), ["closed"]);

    let mut peer = Peer::new(Tls::Required);
    peer.say(HEAD);
    assert!(peer.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\n").contains("proceed"));
    assert_eq!(peer.say(HEAD), "", "bytes between proceed and the handshake are not read");
    peer.stream.secured();
    assert!(peer.say(HEAD).contains("mechanisms"));
}

#[test]
fn tls_that_is_not_offered_cannot_be_begun() {
    for tls in [Tls::None, Tls::Direct] {
        let mut peer = Peer::new(tls);
        peer.say(HEAD);
        let heard = peer.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        assert_eq!(heard, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
        assert_eq!(peer.happened(), ["closed"]);
    }
}
