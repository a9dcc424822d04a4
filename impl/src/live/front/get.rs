//! The get of somebody's card: most of what clients ask. In its plain form it is told by its bytes alone, without the reader
//! of XML, so that it costs little even if it can only be refused. In any other form the reader finds it; it is the same then.

use minidom::{Element, Node};

use super::names::{CLIENT, XML, attribute};
use rxml::Namespace;

/// The namespace of vcard-temp.
const VCARD: &str = "vcard-temp";
/// What follows the head of one in its plain form.
const CONTENTS: [&[u8]; 4] = [
    b"<vCard xmlns='vcard-temp'/></iq>",
    b"<vCard xmlns=\"vcard-temp\"/></iq>",
    b"<vCard xmlns='vcard-temp' /></iq>",
    b"<vCard xmlns=\"vcard-temp\" /></iq>",
];
/// The longest value of an attribute in the plain form.
const VALUE_BYTES_MAX: usize = 1024;

/// A get of somebody's card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Get {
    /// Its id.
    pub id: String,
    /// Whose card.
    pub to: String,
}

/// One as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// In its plain form.
    Plain(Plain<'a>),
    /// In another one.
    Other(Get),
}

impl Form<'_> {
    /// It, to be kept.
    pub fn get(self) -> Get {
        match self {
            Form::Plain(plain) => plain.get(),
            Form::Other(get) => get,
        }
    }
}

/// One in its plain form, where it was read: what it says is ASCII and needs no escape wherever it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain<'a> {
    /// Its id.
    pub id: &'a [u8],
    /// Whose card.
    pub to: &'a [u8],
}

impl<'a> Plain<'a> {
    /// Takes one off the front, where a stanza begins.
    pub fn skim(bytes: &mut &'a [u8]) -> Option<Plain<'a>> {
        let mut rest = bytes.strip_prefix(b"<iq")?;
        let (mut kind, mut id, mut to): (Option<&[u8]>, _, _) = (None, None, None);
        while let Some(from_name) = rest.strip_prefix(b" ") {
            let (name, value, behind) = plain_attribute(from_name)?;
            let place = match name {
                b"type" => &mut kind,
                b"id" => &mut id,
                b"to" => &mut to,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None; // twice, which the reader is to tell
            }
            rest = behind;
        }
        let content = rest.strip_prefix(b">")?;
        let behind = CONTENTS.iter().find_map(|plain| content.strip_prefix(*plain))?;
        if kind != Some(b"get") {
            return None;
        }
        let plain = Plain { id: id?, to: to? };
        *bytes = behind;
        Some(plain)
    }

    /// It, to be kept.
    pub fn get(self) -> Get {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Get { id: text(self.id), to: text(self.to) }
    }
}

impl Get {
    /// The one that a stanza is, if it says nothing more.
    pub fn of(stanza: &Element) -> Option<Get> {
        let mut nodes = stanza.nodes();
        let (Some(Node::Element(card)), None) = (nodes.next(), nodes.next()) else { return None };
        let is_bare = card.is("vCard", VCARD) && card.attrs().is_empty();
        let is_known = |space: &Namespace<'_>, name: &str| match space.as_str() {
            "" => matches!(name, "type" | "id" | "to" | "from"),
            space => space == XML && name == "lang",
        };
        let is_get = stanza.is("iq", CLIENT)
            && stanza.attr("type") == Some("get")
            && stanza.attrs().iter().all(|((space, name), _)| is_known(space, name));
        if !is_bare || card.nodes().next().is_some() || !is_get {
            return None;
        }
        Some(Get { id: stanza.attr("id")?.to_owned(), to: stanza.attr("to")?.to_owned() })
    }

    /// It as a stanza of this client.
    pub fn stanza(&self, from: &str) -> Element {
        let attributes = [("type", "get"), ("id", &*self.id), ("to", &*self.to), ("from", from)];
        let mut stanza = Element::bare("iq", CLIENT);
        for (name, value) in attributes {
            stanza.set_attr(Namespace::NONE, attribute(name), value);
        }
        stanza.append_child(Element::bare("vCard", VCARD));
        stanza
    }
}

/// An attribute whose value means what its bytes say: its name, the value, and what is behind it.
fn plain_attribute(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (name, value) = bytes.split_at(bytes.iter().position(|byte| !byte.is_ascii_lowercase())?);
    let [b'=', quote @ (b'\'' | b'"'), value @ ..] = value else { return None };
    let end = value.iter().position(|byte| !PLAIN[usize::from(*byte)])?;
    (value[end] == *quote && end <= VALUE_BYTES_MAX)
        .then(|| (name, &value[..end], &value[end + 1..]))
}

/// Bytes that mean themselves in an attribute's value.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        plain[byte as usize] = !matches!(byte, b'&' | b'<' | b'>' | b'\'' | b'"');
        byte += 1;
    }
    plain
};

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;
    use crate::live::front::xml::{Item, Limits, Reader};

    const PLAIN: &str = "<iq type='get' to='bob@localhost' id='7'><vCard xmlns='vcard-temp'/></iq>";

    /// What the reader of XML makes of it.
    fn read(text: &str) -> Option<(Get, usize)> {
        let head =
            "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
        let whole = format!("{head}{text}");
        let (mut reader, mut rest) = (Reader::new(Limits::AFTER_LOGIN), whole.as_bytes());
        assert!(matches!(reader.next(&mut rest), Ok(Some(Item::Opened(_)))));
        match reader.next(&mut rest) {
            Ok(Some(Item::Stanza(stanza))) => Get::of(&stanza).map(|get| (get, rest.len())),
            _ => None,
        }
    }

    fn skim(text: &str) -> Option<(Get, usize)> {
        let mut rest = text.as_bytes();
        Plain::skim(&mut rest).map(|plain| (plain.get(), rest.len()))
    }

    #[test]
    fn the_plain_form_is_skimmed_and_the_reader_finds_the_same_in_any() {
        let plain = skim(PLAIN);
        assert!(plain.is_some());
        assert_eq!(plain, read(PLAIN));
        let spaced = PLAIN.replace("/>", " />");
        assert_eq!((skim(&spaced), read(&spaced)), (plain.clone(), plain.clone()));
        for text in [
            PLAIN.replace('\'', "\""),
            PLAIN.replace("<iq", "<iq xml:lang='en' from='alice@localhost/r'"),
            PLAIN.replace("/>", "></vCard>"),
        ] {
            assert_eq!(read(&text), plain, "{text}");
        }
        for other in
            [("get", "set"), ("vCard", "card"), (" id='7'", ""), ("/>", "/> "), ("/>", " a='b'/>")]
        {
            assert_eq!(read(&PLAIN.replace(other.0, other.1)), None, "{other:?}");
            assert_eq!(skim(&PLAIN.replace(other.0, other.1)), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_skimmed_is_what_the_reader_finds() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut below = |bound: usize| random.next_u32() as usize % bound;
        let pieces =
            [" id='8'", "'", "\"", "&amp;", "<", ">", "/", " ", "x", "\u{e9}", "\n", " xmlns='a'"];
        let mut skimmed = 0;
        for _ in 0..50_000 {
            let mut text = format!("{PLAIN}<iq");
            for _ in 0..below(3) {
                let at = (0..=below(text.len())).rev().find(|at| text.is_char_boundary(*at));
                let at = at.expect("0 is one");
                match below(2) {
                    0 => text.insert_str(at, pieces[below(pieces.len())]),
                    _ => drop(text.remove(at.min(text.len() - 2))),
                }
            }
            if let Some(found) = skim(&text) {
                assert_eq!(Some(found), read(&text), "{text}");
                skimmed += 1;
            }
        }
        assert!(skimmed > 10_000, "{skimmed}");
    }
}
