//! Whole dialogues: what a client says, what it hears, and what the caller is told.

#[path = "front/mod.rs"]
mod rig;

use minidom::Element;
use proptest::prelude::*;
use rig::{HEAD, Peer, auth, bound, play};
use spillway_impl::live::front::stream::{Event, Tls};

const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";

/// From the head after log-in to the end of the stream; the same however one got there.
fn after_login(id: &str) -> String {
    format!(
        "C: {HEAD}
         S: <?xml version='1.0'?><stream:stream xmlns='jabber:client' \
            xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en' \
            id='{id}' from='example.org'>\
            <stream:features><bind xmlns='{BIND}'/>\
            <session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>\
            </stream:features>
         C: <iq type='set' id='b1'><bind xmlns='{BIND}'><resource>phone</resource></bind></iq>
         S: <iq id='b1' type='result'><bind xmlns='{BIND}'><jid>alice@example.org/phone</jid></bind></iq>
         E: bound alice phone
         C: <iq type='set' id='s1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>
         S: <iq id='s1' to='alice@example.org/phone' type='result'/>
         C: <message to='bob@example.org'><body>Hi</body></message><presence/>
         E: stanza <message from='alice@example.org/phone' to='bob@example.org'><body>Hi</body></message>
         E: stanza <presence from='alice@example.org/phone'/>
         C: </stream:stream>
         S: </stream:stream>
         E: closed
         C: <presence/>"
    )
}

const REPLY: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                     xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en'";

const MECHANISMS: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
                          <mechanism>SCRAM-SHA-256</mechanism><mechanism>SCRAM-SHA-1</mechanism>\
                          <mechanism>PLAIN</mechanism></mechanisms></stream:features>";

#[test]
fn a_client_in_plaintext_logs_in_with_its_password() {
    let script = format!(
        "C: {HEAD}
         S: {REPLY} id='first' from='example.org'>{MECHANISMS}
         C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFsaWNlAHNlY3JldA==</auth>
         S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
         {}",
        after_login("AAECAwQFBgcICQoLDA0ODxAR")
    );
    play(&mut Peer::new(Tls::None), &script);
}

#[test]
fn a_client_must_begin_tls() {
    let script = format!(
        "C: {HEAD}
         S: {REPLY} id='first' from='example.org'><stream:features>\
            <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>
         C: <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
         S: <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>
         E: start tls
         T: the handshake is over
         C: {HEAD}
         S: {REPLY} id='AAECAwQFBgcICQoLDA0ODxAR' from='example.org'>{MECHANISMS}
         C: <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>
         S: <challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
         C: <response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AGFsaWNlAHNlY3JldA==</response>
         S: <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
         {}",
        after_login("EhMUFRYXGBkaGxwdHh8gISIj")
    );
    play(&mut Peer::new(Tls::Required), &script);
}

#[test]
fn a_client_under_tls_logs_in_with_scram() {
    for sha1 in [false, true] {
        let mut peer = Peer::new(Tls::Direct);
        play(
            &mut peer,
            &format!(
                "C: {}
                 S: {REPLY} id='first' from='example.org' to='alice@example.org'>{MECHANISMS}",
                HEAD.replace(" to=", " from='alice@example.org/x' to=")
            ),
        );
        let (success, server) = rig::scram(&mut peer, sha1, "Alice", rig::PASSWORD);
        assert!(success.starts_with("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"));
        assert_eq!(rig::content(&success), server, "the server proves itself");
        // The nonce was drawn before the id of the new stream.
        play(&mut peer, &after_login("EhMUFRYXGBkaGxwdHh8gISIj"));
    }
}

#[test]
fn bytes_after_success_belong_to_the_new_stream() {
    let mut peer = Peer::new(Tls::None);
    let all = format!(
        "{HEAD}{}\n{HEAD}<iq type='set' id='b'><bind xmlns='{BIND}'/></iq><presence/>",
        auth("PLAIN", b"\0alice\0secret")
    );
    peer.feed(all.as_bytes());
    assert_eq!(
        peer.happened(),
        [
            "bound alice EhMUFRYXGBkaGxwdHh8gISIj",
            "stanza <presence from='alice@example.org/EhMUFRYXGBkaGxwdHh8gISIj'/>"
        ]
    );
    assert_eq!(peer.heard().matches("<stream:stream").count(), 2);
}

#[test]
fn an_error_after_a_restart_comes_after_a_new_head() {
    let mut peer = Peer::new(Tls::None);
    peer.say(HEAD);
    peer.say(&auth("PLAIN", b"\0alice\0secret"));
    let heard = peer.say("text");
    assert!(heard.starts_with(&format!("{REPLY} id='AAECAwQFBgcICQoLDA0ODxAR'")), "{heard}");
    assert_eq!(ends(&heard), "not-well-formed");
}

/// The condition with which a stream ends, and that it ends in the right form.
fn ends(heard: &str) -> &str {
    let (_, error) =
        heard.split_once("<stream:error><").unwrap_or_else(|| panic!("no end: {heard}"));
    assert!(heard.ends_with("</stream:error></stream:stream>"), "{heard}");
    assert_eq!(heard.matches("<stream:stream").count(), heard.matches("<?xml").count());
    error.split(' ').next().unwrap_or_default()
}

#[test]
fn nothing_but_log_in_comes_before_log_in() {
    for tls in [Tls::Required, Tls::Direct, Tls::None] {
        for (said, condition) in [
            ("<message to='bob@example.org'/>", "not-authorized"),
            ("<presence/>", "not-authorized"),
            ("<iq type='get' id='1'/>", "not-authorized"),
            (
                "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
                "not-authorized",
            ),
            ("<other/>", "unsupported-stanza-type"),
            ("<message xmlns='urn:a'/>", "unsupported-stanza-type"),
        ] {
            let mut peer = Peer::new(tls);
            peer.say(HEAD);
            assert_eq!(ends(&peer.say(said)), condition, "{said}");
            assert_eq!(peer.happened(), ["closed"]);
        }
    }
}

#[test]
fn heads_that_are_refused() {
    for (head, condition) in [
        (HEAD.replace("example.org", "example.com"), "host-unknown"),
        (HEAD.replace("example.org", ""), "host-unknown"),
        (HEAD.replace("version='1.0' x", "x"), "unsupported-version"),
        (HEAD.replace("version='1.0' x", "version='0.9' x"), "unsupported-version"),
        (HEAD.replace("etherx", "ether"), "invalid-namespace"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "not-well-formed"),
    ] {
        let mut peer = Peer::new(Tls::None);
        let heard = peer.say(&head);
        assert!(heard.starts_with(&format!("{REPLY} id='first' from='example.org'>")), "{heard}");
        assert_eq!(ends(&heard), condition, "{head}");
        assert_eq!(peer.happened(), ["closed"]);
    }
    for head in [HEAD.replace("example.org", "EXAMPLE.org"), HEAD.replace(" to='example.org'", "")]
    {
        assert!(Peer::new(Tls::None).say(&head).ends_with(MECHANISMS), "{head}");
    }
}

fn logged_in() -> Peer {
    let mut peer = Peer::new(Tls::None);
    peer.say(HEAD);
    peer.say(&auth("PLAIN", b"\0alice\0secret"));
    peer.say(HEAD);
    peer
}

#[test]
fn before_binding_only_binding_works() {
    for to in ["", " to='example.org'", " to='alice@example.org'"] {
        let mut peer = logged_in();
        let heard = peer.say(&format!("<iq type='get' id='q'{to}><a xmlns='urn:a'/></iq>"));
        assert!(heard.contains("id='q'") && heard.contains("type='error'"), "{heard}");
        assert!(heard.contains("<not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"));
        assert_eq!(
            peer.say(&format!("<iq type='result' id='q'{to}/>")),
            "",
            "no answer to an answer"
        );
        assert!(peer.happened().is_empty() && !peer.is_closed());
        assert!(
            peer.say(&format!("<iq type='set' id='b'><bind xmlns='{BIND}'/></iq>")).contains("jid")
        );
    }
    for (said, condition) in [
        ("<iq type='get' id='q' to='bob@example.org'/>", "not-authorized"),
        ("<iq type='get' id='q' to='alice@example.org/x'/>", "not-authorized"),
        ("<message to='bob@example.org'/>", "not-authorized"),
        ("<presence/>", "not-authorized"),
        ("<iq type='get' id='q' from='bob@example.org'/>", "invalid-from"),
        ("<iq type='get' id='q' from='alice@example.org/&#xE000;'/>", "invalid-from"),
        ("<iq type='get' id='q' to='alice@example.com'/>", "not-authorized"),
        (
            &format!("<iq type='set' to='bob@example.org'><bind xmlns='{BIND}'/></iq>"),
            "not-authorized",
        ),
        ("<other/>", "unsupported-stanza-type"),
        ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", "unsupported-stanza-type"),
    ] {
        let mut peer = logged_in();
        assert_eq!(ends(&peer.say(said)), condition, "{said}");
        assert_eq!(peer.happened(), ["closed"]);
    }
}

#[test]
fn a_resource_that_cannot_be_one_is_refused_and_another_may_follow() {
    let mut peer = logged_in();
    let long = "x".repeat(1024);
    for wanted in ["&#xE000;", long.as_str()] {
        let heard = peer.say(&format!(
            "<iq type='set' id='b'><bind xmlns='{BIND}'><resource>{wanted}</resource></bind></iq>"
        ));
        assert!(heard.contains("<error type='modify'><bad-request "), "{heard}");
    }
    let heard = peer.say(&format!(
        "<iq type='set' id='b'><bind xmlns='{BIND}'><resource>b&lt;d &amp; \u{2168}</resource></bind></iq>"
    ));
    assert!(heard.contains("<jid>alice@example.org/b&lt;d &amp; IX</jid>"), "{heard}");
    assert_eq!(peer.happened(), ["bound alice b<d & IX"]);
    assert_eq!(peer.stream.jid(), Some("alice@example.org/b<d & IX"));
}

#[test]
fn a_bound_client_binds_no_second_time() {
    let mut peer = bound();
    let heard = peer.say(&format!("<iq type='set' id='c'><bind xmlns='{BIND}'/></iq>"));
    assert!(heard.contains("<error type='cancel'><not-allowed "), "{heard}");
    assert!(peer.happened().is_empty());
    // A request to somebody else, or to the own client, is no business of the stream.
    for to in ["bob@example.org", "alice@example.org/here"] {
        let other = format!("<iq type='set' id='c' to='{to}'><bind xmlns='{BIND}'/></iq>");
        assert_eq!(peer.say(&other), "");
        assert!(peer.happened()[0].starts_with("stanza <iq"), "{to}");
    }
}

#[test]
fn a_client_speaks_for_itself_only() {
    for from in ["alice@example.org", "alice@example.org/here", "ALICE@Example.org/here"] {
        let mut peer = bound();
        peer.feed(format!("<message from='{from}'/>").as_bytes());
        assert_eq!(peer.happened(), ["stanza <message from='alice@example.org/here'/>"]);
    }
    for from in
        ["bob@example.org", "alice@example.org/there", "example.org", "", "alice@example.org/"]
    {
        let mut peer = bound();
        assert_eq!(ends(&peer.say(&format!("<message from='{from}'/>"))), "invalid-from");
        assert_eq!(peer.happened(), ["closed"]);
    }
}

#[test]
fn a_bound_client_sends_stanzas_and_nothing_else() {
    for said in [
        "<other/>",
        "<message xmlns='urn:a'/>",
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    ] {
        let mut peer = bound();
        assert_eq!(ends(&peer.say(said)), "unsupported-stanza-type");
    }
    let mut peer = bound();
    assert_eq!(peer.say(" \n\t "), "", "white space keeps the connection alive");
    assert!(!peer.is_closed() && peer.happened().is_empty());
    let error = "<stream:error><undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>";
    assert_eq!(peer.say(error), "</stream:stream>");
    assert_eq!(peer.happened(), ["closed"]);
}

#[test]
fn the_limits_rise_with_log_in() {
    let big = format!("<message><body>{}</body></message>", "x".repeat(100_000));
    let mut peer = bound();
    peer.feed(big.as_bytes());
    let happened = peer.happened();
    assert!(
        happened.len() == 1 && happened[0].starts_with("stanza <message"),
        "{}",
        happened.len()
    );
    let mut peer = Peer::new(Tls::None);
    peer.say(HEAD);
    assert_eq!(ends(&peer.say(&big)), "policy-violation");
}

#[test]
fn the_server_ends_a_stream() {
    let mut peer = bound();
    let mut out = Vec::new();
    peer.stream.close(Some(("conflict", "a <new> stream")), &mut out);
    assert_eq!(
        String::from_utf8_lossy(&out),
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>a &lt;new&gt; stream</text>\
         </stream:error></stream:stream>"
    );
    let length = out.len();
    peer.stream.close(None, &mut out);
    peer.stream.send(&Element::bare("message", "jabber:client"), &mut out);
    assert_eq!(out.len(), length, "nothing comes after the end");
    assert_eq!(peer.say("<presence/>"), "");
    assert!(peer.happened().is_empty());

    let mut out = Vec::new();
    Peer::new(Tls::None).stream.close(Some(("system-shutdown", "")), &mut out);
    let said = String::from_utf8_lossy(&out);
    assert!(said.starts_with(&format!("{REPLY} id='first' from='example.org'>")), "{said}");
    assert_eq!(ends(&said), "system-shutdown");
}

#[test]
fn what_is_sent_does_not_repeat_the_namespace() {
    let mut peer = bound();
    let body = Element::builder("body", "jabber:client").append("a & b").build();
    let message = Element::builder("message", "jabber:client").append(body).build();
    let mut out = Vec::new();
    peer.stream.send(&message, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), "<message><body>a &amp; b</body></message>");
}

#[test]
fn hostile_bytes_end_a_stream_in_order() {
    for (said, condition) in [
        (&b"<!DOCTYPE a [<!ENTITY a 'b'>]>"[..], "restricted-xml"),
        (b"<iq>\xff</iq>", "unsupported-encoding"),
        (b"<iq></message>", "not-well-formed"),
        (b"text", "bad-format"),
    ] {
        for mut peer in [Peer::new(Tls::None), bound()] {
            if peer.stream.jid().is_none() {
                peer.say(HEAD);
            }
            peer.feed(said);
            assert_eq!(ends(&peer.heard()), condition);
            assert_eq!(peer.happened(), ["closed"]);
        }
    }
}

/// A whole dialogue that does not depend on the answers, with a failure and an error in it.
fn dialogue() -> Vec<u8> {
    let sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    [
        HEAD,
        &auth("PLAIN", b"\0alice\0wrong"),
        &auth("SCRAM-SHA-256", b"n,,n=alice,r=abc"),
        &format!("<abort {sasl}/> \n"),
        &auth("PLAIN", b"\0alice\0secret"),
        "\r\n",
        HEAD,
        "<iq type='get' id='0'/>",
        &format!("<iq type='set' id='1'><bind xmlns='{BIND}'><resource>r</resource></bind></iq>"),
        " <message to='bob@example.org'><body>\u{1f600} &amp; é</body></message>",
        "<iq type='set' id='2'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>\n",
        "<presence from='bob@example.org'/><presence/>",
    ]
    .concat()
    .into_bytes()
}

fn played<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (String, Vec<Event>) {
    let mut peer = Peer::new(Tls::None);
    for chunk in chunks {
        peer.feed(chunk);
    }
    (peer.heard(), peer.events)
}

#[test]
fn the_dialogue_goes_through_all_phases() {
    let (heard, events) = played([dialogue().as_slice()]);
    assert_eq!(ends(&heard), "invalid-from");
    let events: Vec<String> = events.iter().map(rig::shown).collect();
    assert_eq!(events.len(), 5, "{events:?}");
    assert_eq!(events[..3], ["failed alice", "failed alice", "bound alice r"]);
    assert_eq!(events[4], "closed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chunks_do_not_matter(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40)) {
        let text = dialogue();
        let mut places: Vec<usize> = cuts.iter().map(|c| c.index(text.len() + 1)).collect();
        places.extend([0, text.len()]);
        places.sort_unstable();
        let whole = played([text.as_slice()]);
        prop_assert_eq!(&played(places.windows(2).map(|w| &text[w[0]..w[1]])), &whole);
    }

    #[test]
    fn random_bytes_do_not_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        place in any::<prop::sample::Index>(),
        tls in prop::sample::select(vec![Tls::None, Tls::Direct, Tls::Required]),
    ) {
        let mut text = dialogue();
        let at = place.index(text.len());
        let end = text.len().min(at + bytes.len());
        text.splice(at..end, bytes);
        let mut peer = Peer::new(tls);
        peer.feed(&text);
        let heard = peer.heard();
        // However it went, what was sent is a stream: it begins with a head and ends at most once.
        prop_assert!(heard.is_empty() || heard.starts_with("<?xml"));
        prop_assert!(heard.matches("</stream:stream>").count() <= 1);
        prop_assert_eq!(peer.is_closed(), peer.events.contains(&Event::Closed));
    }
}

#[test]
fn one_byte_at_a_time_is_the_same() {
    let text = dialogue();
    assert_eq!(played(text.chunks(1)), played([text.as_slice()]));
}

#[test]
fn what_a_client_says_is_in_the_language_of_its_stream() {
    let say = |lang: &str, stanza: &str| {
        let mut peer = Peer::new(Tls::None);
        let head = HEAD.replace(" to=", &format!(" xml:lang='{lang}' to="));
        peer.feed(format!("{HEAD}{}{head}", auth("PLAIN", b"\0alice\0secret")).as_bytes());
        peer.feed(format!("<iq type='set' id='b'><bind xmlns='{BIND}'/></iq>{stanza}").as_bytes());
        let Some(Event::Stanza(stanza)) = peer.events.pop() else { panic!("a stanza") };
        stanza.attr_ns("http://www.w3.org/XML/1998/namespace", "lang").map(str::to_owned)
    };
    assert_eq!(say("de", "<presence/>").as_deref(), Some("de"));
    assert_eq!(say("de", "<presence xml:lang='fr'/>").as_deref(), Some("fr"));
    assert_eq!(say(&"x".repeat(1000), "<presence/>"), None, "it would go out with each stanza");
}
