//! The reader: pieces of a stream, in any chunks, and what hostile bytes get.

#[path = "front/mod.rs"]
mod rig;

use minidom::Element;
use proptest::prelude::*;
use rig::HEAD;
use spillway_impl::live::front::error::StreamError;
use spillway_impl::live::front::write;
use spillway_impl::live::front::xml::{
    ATTRIBUTES_MAX, DEPTH_MAX, ELEMENTS_MAX, ELEMENTS_MAX_BEFORE_LOGIN, Item, Limits, Reader,
    STANZA_BYTES_MAX, STANZA_BYTES_MAX_BEFORE_LOGIN, TOKEN_BYTES_MAX,
};

/// All pieces of a stream that arrives in these chunks, and the error that it ends with.
fn read<'a>(
    limits: Limits,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Item>, Option<StreamError>) {
    let mut reader = Reader::new(limits);
    let mut items = Vec::new();
    for chunk in chunks {
        let mut rest = chunk;
        loop {
            match reader.next(&mut rest) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.next(&mut rest), Err(error.clone()), "an error stays");
                    return (items, Some(error));
                }
            }
        }
    }
    (items, None)
}

fn stanzas(text: &str) -> Vec<Element> {
    let (items, error) = read(Limits::AFTER_LOGIN, [HEAD.as_bytes(), text.as_bytes()]);
    assert_eq!(error, None, "{text}");
    let stanza = |item| match item {
        Item::Stanza(element) => Some(element),
        Item::Opened(_) | Item::Closed => None,
    };
    items.into_iter().filter_map(stanza).collect()
}

fn condition(text: &str) -> &'static str {
    let (items, error) = read(Limits::AFTER_LOGIN, [HEAD.as_bytes(), text.as_bytes()]);
    error.unwrap_or_else(|| panic!("{text} was accepted as {items:?}")).condition
}

fn written(element: &Element) -> String {
    let mut out = Vec::new();
    write::stanza(element, &mut out);
    String::from_utf8(out).expect("what we write is UTF-8")
}

#[test]
fn the_pieces_of_a_stream() {
    let head = "<?xml version='1.0'?>\n<stream:stream from='a@b' to='c' version='1.0' \
                xml:lang='de' xmlns='jabber:client' \
                xmlns:stream='http://etherx.jabber.org/streams'>";
    let text =
        format!("{head} \r\n\t<message><body>Hi</body></message>\n<presence/></stream:stream>x");
    let (items, error) = read(Limits::BEFORE_LOGIN, [text.as_bytes()]);
    assert_eq!(error, None);
    assert_eq!(items.len(), 4);
    let Item::Opened(opened) = &items[0] else { panic!("no head: {:?}", items[0]) };
    assert_eq!(opened.from.as_deref(), Some("a@b"));
    assert_eq!(opened.to.as_deref(), Some("c"));
    assert_eq!(opened.version.as_deref(), Some("1.0"));
    assert_eq!(opened.lang.as_deref(), Some("de"));
    let Item::Stanza(message) = &items[1] else { panic!("no message: {:?}", items[1]) };
    assert!(message.is("message", "jabber:client"));
    assert_eq!(
        message.get_child("body", "jabber:client").map(Element::text).as_deref(),
        Some("Hi")
    );
    assert!(
        matches!(&items[2], Item::Stanza(presence) if presence.is("presence", "jabber:client"))
    );
    assert_eq!(items[3], Item::Closed);
}

#[test]
fn the_end_of_a_piece_is_exact() {
    let text = format!("{HEAD}<a/>rest");
    let mut reader = Reader::new(Limits::BEFORE_LOGIN);
    let mut bytes = text.as_bytes();
    assert!(matches!(reader.next(&mut bytes), Ok(Some(Item::Opened(_)))));
    assert!(matches!(reader.next(&mut bytes), Ok(Some(Item::Stanza(_)))));
    assert_eq!(bytes, b"rest");
}

#[test]
fn namespaces_are_resolved() {
    let found = stanzas(
        "<iq><q xmlns='urn:a' xmlns:p='urn:b' p:k='1' k='2' xml:lang='en'><p:r/><r/>\
         <s xmlns='' xmlns:p='urn:c'><p:t/></s><p:u/></q><v/></iq><p:iq xmlns:p='urn:d'/>",
    );
    let q = found[0].get_child("q", "urn:a").expect("the query");
    assert_eq!(q.attr_ns("urn:b", "k"), Some("1"));
    assert_eq!(q.attr("k"), Some("2"));
    assert_eq!(q.attr_ns("http://www.w3.org/XML/1998/namespace", "lang"), Some("en"));
    assert!(q.has_child("r", "urn:b") && q.has_child("r", "urn:a") && q.has_child("u", "urn:b"));
    let s = q.get_child("s", "").expect("an element without a namespace");
    assert!(s.has_child("t", "urn:c"));
    assert!(found[0].has_child("v", "jabber:client"));
    assert!(found[1].is("iq", "urn:d"));
}

#[test]
fn namespaces_that_are_broken_are_refused() {
    for text in [
        "<p:iq/>",
        "<iq p:a='1'/>",
        // The prefix was declared, but on an element that is closed.
        "<iq xmlns:p='urn:a'/><p:iq/>",
        "<iq><a xmlns:p='urn:a'/><p:b/></iq>",
        "<iq xmlns:p='urn:a' xmlns:p='urn:b'/>",
        "<iq xmlns='urn:a' xmlns='urn:b'/>",
        "<iq a='1' a='2'/>",
        "<iq xmlns:p='urn:a' xmlns:q='urn:a' p:a='1' q:a='2'/>",
        "<iq xmlns:xml='urn:a'/>",
        "<iq xmlns:p='http://www.w3.org/2000/xmlns/'/>",
        "<iq xmlns:p=''/>",
        "<xmlns:iq/>",
    ] {
        assert_eq!(condition(text), "not-well-formed", "{text}");
    }
}

#[test]
fn a_head_that_is_none_is_refused() {
    let streams = "http://etherx.jabber.org/streams";
    for (head, expected) in [
        (
            "<stream:stream xmlns='jabber:client' xmlns:stream='urn:a'>".to_owned(),
            "invalid-namespace",
        ),
        (
            format!("<stream:stream xmlns='jabber:server' xmlns:stream='{streams}'>"),
            "invalid-namespace",
        ),
        (format!("<stream:stream xmlns:stream='{streams}'>"), "invalid-namespace"),
        (format!("<stream:strea xmlns='jabber:client' xmlns:stream='{streams}'>"), "bad-format"),
        ("<stream:stream xmlns='jabber:client'>".to_owned(), "not-well-formed"),
        ("GET / HTTP/1.1".to_owned(), "not-well-formed"),
        ("\x16\x03\x01".to_owned(), "not-well-formed"),
        ("<?xml version='1.1'?><a>".to_owned(), "restricted-xml"),
        ("<?xml version='1.0' encoding='latin1'?><a>".to_owned(), "unsupported-encoding"),
        ("<!DOCTYPE a><a>".to_owned(), "restricted-xml"),
        ("<!-- a --><a>".to_owned(), "restricted-xml"),
        ("<?php ?><a>".to_owned(), "restricted-xml"),
    ] {
        let (items, error) = read(Limits::BEFORE_LOGIN, [head.as_bytes()]);
        assert_eq!(items, [], "{head}");
        assert_eq!(error.map(|e| e.condition), Some(expected), "{head}");
    }
}

#[test]
fn hostile_xml_gets_its_condition() {
    for (text, expected) in [
        ("<!DOCTYPE lolz [<!ENTITY lol 'lol'>]><iq/>", "restricted-xml"),
        ("<iq><!DOCTYPE a></iq>", "restricted-xml"),
        ("<iq>&lol;</iq>", "restricted-xml"),
        ("<iq a='&lol;'/>", "restricted-xml"),
        ("<iq>&aaaaaaaaaaaaaaaa;</iq>", "restricted-xml"),
        ("<!-- a -->", "restricted-xml"),
        ("<iq><!-- a --></iq>", "restricted-xml"),
        ("<?php a?>", "restricted-xml"),
        ("<iq><?xml-stylesheet a?></iq>", "restricted-xml"),
        ("<?xml version='1.0'?>", "restricted-xml"),
        ("text", "bad-format"),
        ("<![CDATA[text]]><iq/>", "bad-format"),
        ("&amp;", "bad-format"),
        ("<iq></message>", "not-well-formed"),
        ("<iq <a/>", "not-well-formed"),
        ("<iq a=1/>", "not-well-formed"),
        ("<iq>&#0;</iq>", "not-well-formed"),
        ("<iq>\u{1}</iq>", "not-well-formed"),
        ("<iq>]]></iq>", "not-well-formed"),
        ("</iq>", "not-well-formed"),
    ] {
        assert_eq!(condition(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_utf8_is_refused() {
    for bytes in [&b"<iq>\xff</iq>"[..], b"<iq>a\xc3(</iq>", b"<iq a='\xc0\x80'/>", b"<\xff/>"] {
        let (items, error) = read(Limits::AFTER_LOGIN, [HEAD.as_bytes(), bytes]);
        assert_eq!(items.len(), 1, "{bytes:?}");
        assert_eq!(error.map(|e| e.condition), Some("unsupported-encoding"), "{bytes:?}");
    }
}

#[test]
fn the_limits_are_those_of_the_documentation() {
    // Elsewhere the tests use the constants, so they would follow any change of them.
    assert_eq!((DEPTH_MAX, ATTRIBUTES_MAX, TOKEN_BYTES_MAX), (32, 64, 8192));
    assert_eq!((ELEMENTS_MAX_BEFORE_LOGIN, ELEMENTS_MAX), (32, 4096));
    assert_eq!((STANZA_BYTES_MAX_BEFORE_LOGIN, STANZA_BYTES_MAX), (16_384, 262_144));
}

/// A message of exactly so many bytes.
fn message_of(bytes: usize) -> String {
    let around = "<message><body></body></message>".len();
    format!("<message><body>{}</body></message>", "x".repeat(bytes - around))
}

#[test]
fn the_largest_stanza_passes_and_one_byte_more_does_not() {
    for (limits, bytes_max) in [
        (Limits::BEFORE_LOGIN, STANZA_BYTES_MAX_BEFORE_LOGIN),
        (Limits::AFTER_LOGIN, STANZA_BYTES_MAX),
    ] {
        let twice = message_of(bytes_max).repeat(2);
        let (items, error) = read(limits, [HEAD.as_bytes(), twice.as_bytes()]);
        assert_eq!((items.len(), error), (3, None));
        let more = message_of(bytes_max + 1);
        let (items, error) = read(limits, [HEAD.as_bytes(), more.as_bytes()]);
        assert_eq!(items.len(), 1);
        assert_eq!(error.map(|e| e.condition), Some("policy-violation"));
    }
}

/// How many bytes of an endless input are read before the reader refuses it.
fn endless(start: &str, part: &str) -> (usize, &'static str) {
    let mut reader = Reader::new(Limits::AFTER_LOGIN);
    let mut head = HEAD.as_bytes();
    assert!(matches!(reader.next(&mut head), Ok(Some(Item::Opened(_)))));
    let mut given_bytes = 0;
    for piece in std::iter::once(start).chain(std::iter::repeat(part)) {
        let mut bytes = piece.as_bytes();
        match reader.next(&mut bytes) {
            Ok(None) => given_bytes += piece.len(),
            Ok(Some(item)) => panic!("an endless stanza came out: {item:?}"),
            Err(error) => return (given_bytes + piece.len() - bytes.len(), error.condition),
        }
        assert!(given_bytes <= STANZA_BYTES_MAX, "{start}{part}... is never refused");
    }
    unreachable!("the input has no end")
}

#[test]
fn endless_input_is_refused_at_its_limit() {
    let policy = "policy-violation";
    assert_eq!(endless("<iq>", "text "), (STANZA_BYTES_MAX, policy));
    assert_eq!(endless("<iq", " "), (STANZA_BYTES_MAX, policy));
    assert_eq!(endless("<iq></iq", " "), (STANZA_BYTES_MAX, policy));
    assert_eq!(endless("<iq><![CDATA[", "]"), (STANZA_BYTES_MAX, policy));
    let (bytes, condition) = endless("<", "name");
    assert!(condition == policy && bytes <= TOKEN_BYTES_MAX + 8, "{bytes} {condition}");
    let (bytes, condition) = endless("<iq a='", "value");
    assert!(condition == policy && bytes <= TOKEN_BYTES_MAX + 16, "{bytes} {condition}");
    let (bytes, condition) = endless("", "<a>");
    assert!(condition == policy && bytes <= 3 * (DEPTH_MAX + 1), "{bytes} {condition}");
    let (bytes, condition) = endless("<iq>", "<a/>");
    assert!(condition == policy && bytes <= 4 * (ELEMENTS_MAX + 1), "{bytes} {condition}");
}

#[test]
fn white_space_between_stanzas_is_free() {
    let space = " \n".repeat(STANZA_BYTES_MAX);
    let text =
        format!("{space}<iq/>{space}{}{space}</stream:stream>", message_of(STANZA_BYTES_MAX));
    let (items, error) = read(Limits::AFTER_LOGIN, [HEAD.as_bytes(), text.as_bytes()]);
    assert_eq!((items.len(), error), (4, None));
}

fn with_attributes(count: usize) -> String {
    let attributes: String = (0..count).map(|n| format!(" a{n}=''")).collect();
    format!("<iq{attributes}/>")
}

#[test]
fn the_counted_limits_are_exact() {
    assert_eq!(stanzas(&with_attributes(ATTRIBUTES_MAX)).len(), 1);
    assert_eq!(condition(&with_attributes(ATTRIBUTES_MAX + 1)), "policy-violation");
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert_eq!(stanzas(&deep(DEPTH_MAX).repeat(2)).len(), 2);
    assert_eq!(condition(&deep(DEPTH_MAX + 1)), "policy-violation");
    let wide = |elements: usize| format!("<iq>{}</iq>", "<a/>".repeat(elements - 1));
    assert_eq!(stanzas(&wide(ELEMENTS_MAX).repeat(2)).len(), 2);
    assert_eq!(condition(&wide(ELEMENTS_MAX + 1)), "policy-violation");
    let many = format!("<iq>{}</iq>", "<a/>".repeat(ELEMENTS_MAX_BEFORE_LOGIN));
    let (items, error) = read(Limits::BEFORE_LOGIN, [HEAD.as_bytes(), many.as_bytes()]);
    assert_eq!((items.len(), error.map(|e| e.condition)), (1, Some("policy-violation")));
    let declared: String = (0..ATTRIBUTES_MAX).map(|n| format!(" xmlns:p{n}='urn:a'")).collect();
    let nested = format!("<a{declared}>").repeat(3);
    assert_eq!(condition(&nested), "policy-violation");
}

#[test]
fn references_and_sections_come_out_as_text() {
    let found = stanzas("<iq a='&lt;&#65;&quot;'>&amp;&#x42;<![CDATA[<&]]>c\r\nd</iq>");
    assert_eq!(found[0].attr("a"), Some("<A\""));
    assert_eq!(found[0].text(), "&B<&c\nd");
    assert_eq!(found[0].nodes().count(), 1);
}

#[test]
fn no_stanza_repeats_what_the_head_declared() {
    for (text, expected) in [
        ("<iq><a></a></iq>", "<iq><a/></iq>"),
        (
            "<iq xmlns='jabber:client' type='get' id='1'><q xmlns='urn:a'><r/></q></iq>",
            "<iq id='1' type='get'><q xmlns='urn:a'><r/></q></iq>",
        ),
        (
            "<iq><q xmlns='urn:a'><r xmlns='jabber:client'><s/></r></q></iq>",
            "<iq><q xmlns='urn:a'><r xmlns='jabber:client'><s/></r></q></iq>",
        ),
        ("<stream:features><a/></stream:features>", "<stream:features><a/></stream:features>"),
        ("<iq xml:lang='en'><xml:a/></iq>", "<iq xml:lang='en'><xml:a/></iq>"),
        ("<iq><a xmlns=''/></iq>", "<iq><a xmlns=''/></iq>"),
        (
            "<iq xmlns:p='urn:a' p:a='1' p:b='2' xmlns:q='urn:b' q:a='3' a='4'/>",
            "<iq a='4' xmlns:n1='urn:a' n1:a='1' n1:b='2' xmlns:n2='urn:b' n2:a='3'/>",
        ),
        (
            "<iq a=\"&lt;&amp;'&quot;&#9;&#10;&#13;\">&lt;&gt;&amp;'\"&#13;</iq>",
            "<iq a='&lt;&amp;&apos;\"&#9;&#10;&#13;'>&lt;&gt;&amp;'\"&#13;</iq>",
        ),
    ] {
        let found = stanzas(text);
        assert_eq!(written(&found[0]), expected);
        assert_eq!(stanzas(expected), found, "it reads as what it was");
    }
}

#[test]
fn what_xml_cannot_carry_is_replaced() {
    let element = Element::builder("a", "jabber:client")
        .append("x\u{0}\u{1b}\u{fffe}\u{ffff}\u{fffd}\u{feff}y");
    assert_eq!(
        written(&element.build()),
        "<a>x\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{feff}y</a>"
    );
}

fn name() -> impl Strategy<Value = String> {
    "[a-zé_][a-zé0-9._-]{0,5}"
}

fn tree() -> impl Strategy<Value = Element> {
    let space = prop::sample::select(vec![
        "jabber:client",
        "urn:a",
        "urn:b'&<",
        "",
        "http://etherx.jabber.org/streams",
        "http://www.w3.org/XML/1998/namespace",
    ]);
    let attributes = prop::collection::vec((space.clone(), name(), "[ -~\u{e9}\t\r\n]{0,8}"), 0..4);
    let leaf = (name(), space, attributes, "[ -~\u{1f600}\t\r\n]{0,9}");
    let built =
        |(name, space, attributes, text): (String, &str, Vec<(&str, String, String)>, String)| {
            let mut element = Element::bare(name, space);
            for (space, name, value) in attributes {
                // An attribute in the default namespace of the stream is another than one without.
                let name = rxml::NcName::try_from(name).expect("a name");
                element.attrs_mut().insert(rxml::Namespace::from(space.to_owned()), name, value);
            }
            if !text.is_empty() {
                element.append_text(text);
            }
            element
        };
    let leaf = leaf.prop_map(built).boxed();
    let leaves = leaf.clone();
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (leaves.clone(), prop::collection::vec(inner, 0..4)).prop_map(|(mut element, children)| {
            for child in children {
                element.append_child(child);
            }
            element
        })
    })
}

fn cut(text: &[u8], mut cuts: Vec<prop::sample::Index>) -> Vec<&[u8]> {
    let mut places: Vec<usize> = cuts.drain(..).map(|c| c.index(text.len() + 1)).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.windows(2).map(|w| &text[w[0]..w[1]]).collect()
}

proptest! {
    #[test]
    fn what_is_written_reads_as_what_it_was(element in tree()) {
        let text = written(&element);
        let found = stanzas(&text);
        prop_assert_eq!(found, vec![element], "{}", text);
    }

    #[test]
    fn chunks_do_not_matter(
        elements in prop::collection::vec(tree(), 1..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        noise in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut text = HEAD.as_bytes().to_vec();
        for element in &elements {
            write::stanza(element, &mut text);
        }
        text.extend_from_slice(b"</stream:stream>");
        // Sometimes one byte is wrong: the error must not depend on the chunks either.
        if let Some((place, byte)) = noise {
            let at = place.index(text.len());
            text[at] = byte;
        }
        let whole = read(Limits::AFTER_LOGIN, [text.as_slice()]);
        let cut = read(Limits::AFTER_LOGIN, cut(&text, cuts));
        prop_assert_eq!(&cut, &whole);
        let single = read(Limits::AFTER_LOGIN, text.chunks(1));
        prop_assert_eq!(&single, &whole);
    }

    #[test]
    fn random_bytes_do_not_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        marked in "[<>/?!&;'\"= a:x\\[\\]CDATA#0-9\r\n-]{0,200}",
    ) {
        for tail in [bytes.as_slice(), marked.as_bytes()] {
            for head in ["", HEAD, "<stream:stream "] {
                let text = [head.as_bytes(), tail].concat();
                let whole = read(Limits::BEFORE_LOGIN, [text.as_slice()]);
                prop_assert_eq!(read(Limits::BEFORE_LOGIN, text.chunks(1)), whole);
            }
        }
    }
}
