//! Dialogues to break things with: a valid one, as a list of tokens of XML, of which some are changed, doubled, dropped or moved,
//! or have something of another kind put between; then sometimes a byte.

#![allow(unreachable_pub)]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use spillway_impl::live::front::stream::Tls;

use super::rig::{HEAD, auth};

/// What a client says, in parts: after each, TLS begins if the server has said so.
pub struct Dialogue {
    pub tls: Tls,
    pub parts: Vec<Vec<u8>>,
}

const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const BIND: &str = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                    <resource>here</resource></bind></iq>";

/// What bound clients say.
const STANZAS: [&str; 10] = [
    "<presence/>",
    "<presence type='subscribe' to='bob@example.org'/>",
    "<message to='bob@example.org' type='chat'><body>a &lt;b&gt; &amp; &#x20ac; &quot;c&quot;</body></message>",
    "<iq type='get' id='v' to='bob@example.org'><vCard xmlns='vcard-temp'/></iq>",
    "<iq type='set' id='s'><vCard xmlns='vcard-temp'><FN>Al</FN><N><GIVEN>A</GIVEN></N></vCard></iq>",
    "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='bob@example.org' name='B'><group>g</group></item></query></iq>",
    "<iq type='set' id='e'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
    "<message xml:lang='de'><x:y xmlns:x='urn:x' x:z='1'><x:y/></x:y><z xmlns=''/></message>",
    "<message><body><![CDATA[<raw> & ]] text]]></body></message>",
    "\n<presence from='alice@example.org/here'><priority>1</priority></presence>\t",
];

/// What is put between tokens, or in the place of one: each is a way to be wrong, or nearly.
const FOREIGN: [&str; 48] = [
    "<!DOCTYPE a>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "<!ENTITY b SYSTEM 'file:///etc/passwd'>",
    "<?xml version='1.0'?>",
    "<?xml version='1.1'?>",
    "<?xml version='1.0' encoding='latin1'?>",
    "<?xml version='1.0' standalone='no'?>",
    "<?php ?>",
    "<!-- -->",
    "<!--",
    "<![CDATA[a]]>",
    "<![CDATA[",
    "]]>",
    "&b;",
    "&lt;",
    "&#0;",
    "&#x1F600;",
    "&#xD800;",
    "&#99999999999;",
    "&",
    "&amp",
    "<",
    ">",
    "</",
    "/>",
    "</stream:stream>",
    "</a>",
    "<a>",
    "<a/>",
    "<a:b/>",
    "<:a/>",
    "<a b='1' b='2'/>",
    "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>",
    "<a xmlns:xmlns='u'/>",
    "<a xmlns:xml='u'/>",
    "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    "<a xmlns:p='u'><p:b p:c='&#10;&apos;'/></a>",
    "<a xmlns:p=''/>",
    "<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>",
    "<stream:features/>",
    "text",
    " ",
    "\u{feff}",
    "\u{fffe}",
    "<é ü='ß'>€😀</é>",
    "<a b=\"'\" c='\"'/>",
    "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>=</response>",
];

/// What is no UTF-8, or no character of XML.
const BYTES: [&[u8]; 10] = [
    b"\x00",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc3",
    b"\xe2\x82",
    b"\x01",
    b"\xef\xbf\xbf",
    b"\x0b",
];

/// Values for attributes.
const VALUES: [&str; 16] = [
    "",
    "get",
    "result",
    "error",
    "unavailable",
    "0.9",
    "1.0",
    "2.7",
    "example.org",
    "other.example",
    "bob@example.org/x",
    "alice@example.org",
    "&lt;&amp;&apos;",
    "&#9;&#xa;",
    "jabber:client",
    "jabber:server",
];

fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    random.next_u32() as usize % bound
}

fn one_of<'a, T: ?Sized>(random: &mut ChaCha8Rng, all: &[&'a T]) -> &'a T {
    all[below(random, all.len())]
}

/// A dialogue: mostly with few changes, so that it gets far.
pub fn dialogue(random: &mut ChaCha8Rng) -> Dialogue {
    let tls = [Tls::None, Tls::None, Tls::Direct, Tls::Required][below(random, 4)];
    let (stages, mut parts) = (valid(random, tls), Vec::new());
    // Changes are in one place mostly, which is as often late as early.
    let changed = below(random, stages.len() + 1);
    for (n, stage) in stages.iter().enumerate() {
        let mut tokens = tokens(stage);
        let changes = match n == changed {
            true => 1 + below(random, 4),
            false => usize::from(below(random, 24) == 0),
        };
        for _ in 0..changes {
            change(random, &mut tokens);
        }
        let part = tokens.concat();
        // What a client says before TLS begins is a part of its own, as is what follows.
        match parts.last_mut() {
            Some(last) if tls != Tls::Required || n > 2 => Vec::extend(last, part),
            _ => parts.push(part),
        }
    }
    Dialogue { tls, parts }
}

/// What a client says that does all well, stage by stage.
fn valid(random: &mut ChaCha8Rng, tls: Tls) -> Vec<String> {
    let mut stages = Vec::new();
    if tls == Tls::Required {
        stages.extend([HEAD.to_owned(), STARTTLS.to_owned()]);
    }
    stages.push(HEAD.to_owned());
    // An attempt that is dropped for the next one.
    if below(random, 8) == 0 {
        stages.push(auth("SCRAM-SHA-256", b"n,,n=alice,r=nonce"));
    }
    stages.push(auth("PLAIN", b"\0alice\0secret"));
    stages.extend([HEAD.to_owned(), BIND.to_owned()]);
    let stanzas = 1 + below(random, 6);
    stages.extend((0..stanzas).map(|_| one_of(random, &STANZAS).to_owned()));
    if below(random, 2) == 0 {
        stages.push("</stream:stream>".to_owned());
    }
    stages
}

/// Pieces of XML: the ends and the beginnings of tags, names, attributes, text.
fn tokens(text: &str) -> Vec<Vec<u8>> {
    let mut tokens: Vec<Vec<u8>> = Vec::new();
    let (mut quote, mut is_tag) = (None, false);
    for byte in text.bytes() {
        let begins = match (quote, byte) {
            (Some(_), _) => false,
            (None, b'<') => true,
            (None, b'>' | b'/' | b' ') if is_tag => true,
            (None, _) => tokens.last().is_some_and(|token| token.ends_with(b">")),
        };
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'\'' | b'"') if is_tag => quote = Some(byte),
            (None, b'<') => is_tag = true,
            (None, b'>') => is_tag = false,
            _ => {}
        }
        match tokens.last_mut() {
            Some(last) if !begins => last.push(byte),
            _ => tokens.push(vec![byte]),
        }
    }
    tokens
}

fn change(random: &mut ChaCha8Rng, tokens: &mut Vec<Vec<u8>>) {
    if tokens.is_empty() {
        return;
    }
    if below(random, 2) == 0 {
        return change_gently(random, tokens);
    }
    let at = below(random, tokens.len());
    match below(random, 16) {
        0 => drop(tokens.remove(at)),
        1 => tokens.insert(at, tokens[at].clone()),
        2 => {
            let other = below(random, tokens.len());
            tokens.swap(at, other);
        }
        3..=5 => tokens.insert(at, one_of(random, &FOREIGN).as_bytes().to_vec()),
        6 => tokens[at] = one_of(random, &FOREIGN).as_bytes().to_vec(),
        7 => insert_bytes(random, &mut tokens[at]),
        8 => flip(random, &mut tokens[at]),
        9..=10 => tokens.insert(at, attribute(random)),
        11..=12 => value(random, &mut tokens[at]),
        13 => tokens.insert(at, deep(random)),
        14 => tokens[at] = long(random),
        _ => tokens.truncate(at),
    }
}

/// So that it is still XML: another value, one attribute more, something whole before a tag.
fn change_gently(random: &mut ChaCha8Rng, tokens: &mut Vec<Vec<u8>>) {
    let begins =
        |token: &Vec<u8>, with: &[u8]| token.first().is_some_and(|byte| with.contains(byte));
    let places = |found: &dyn Fn(&Vec<u8>) -> bool| -> Vec<usize> {
        tokens.iter().enumerate().filter(|(_, token)| found(token)).map(|(at, _)| at).collect()
    };
    let (places, what) = match below(random, 3) {
        0 => (places(&|token| begins(token, b" ") && token.contains(&b'=')), 0),
        1 => (places(&|token| begins(token, b">/")), 1),
        _ => (places(&|token| begins(token, b"<")), 2),
    };
    if places.is_empty() {
        return;
    }
    let at = places[below(random, places.len())];
    match what {
        0 => value(random, &mut tokens[at]),
        1 => tokens.insert(at, attribute(random)),
        _ => tokens.insert(at, one_of(random, &FOREIGN).as_bytes().to_vec()),
    }
}

fn insert_bytes(random: &mut ChaCha8Rng, token: &mut Vec<u8>) {
    let at = below(random, token.len() + 1);
    let bytes = one_of(random, &BYTES);
    token.splice(at..at, bytes.iter().copied());
}

fn flip(random: &mut ChaCha8Rng, token: &mut [u8]) {
    if !token.is_empty() {
        let at = below(random, token.len());
        token[at] ^= 1 << below(random, 8);
    }
}

fn attribute(random: &mut ChaCha8Rng) -> Vec<u8> {
    const NAMES: [&str; 14] = [
        "id",
        "to",
        "from",
        "type",
        "version",
        "xmlns",
        "xmlns:stream",
        "xmlns:q",
        "xml:lang",
        "q:r",
        "mechanism",
        "xml:space",
        "x:z",
        "jid",
    ];
    format!(" {}='{}'", one_of(random, &NAMES), one_of(random, &VALUES)).into_bytes()
}

/// Another value where there is one.
fn value(random: &mut ChaCha8Rng, token: &mut Vec<u8>) {
    if let Some(equals) = token.iter().position(|byte| *byte == b'=') {
        token.truncate(equals);
        token.extend(format!("='{}'", one_of(random, &VALUES)).into_bytes());
    }
}

/// Elements in each other, or one beside the other.
fn deep(random: &mut ChaCha8Rng) -> Vec<u8> {
    let count = [2, 31, 32, 33, 5000][below(random, 5)];
    match below(random, 4) {
        0 => "<a>".repeat(count),
        1 => format!("<m>{}</m>", "<a/>".repeat(count)),
        2 => format!("{}{}", "<a>".repeat(count), "</a>".repeat(count)),
        _ => format!("<m {}/>", (0..count).map(|n| format!("xmlns:n{n}='u' ")).collect::<String>()),
    }
    .into_bytes()
}

/// A name, a value or a text that is about as long as may be.
fn long(random: &mut ChaCha8Rng) -> Vec<u8> {
    let count = [1023, 8191, 8192, 8193, 16_384, 300_000][below(random, 6)];
    let text = "x".repeat(count);
    match below(random, 5) {
        0 => format!("<{text}/>"),
        1 => format!("<a b='{text}'/>"),
        2 => format!("<a xmlns='{text}'/>"),
        3 => format!("<message><body>{}</body></message>", "&lt;€".repeat(count / 7)),
        _ => text,
    }
    .into_bytes()
}
