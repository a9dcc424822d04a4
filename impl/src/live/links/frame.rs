//! What processes say to each other, as bytes: four bytes of length, little end first, then the frame as postcard.

use serde::{Deserialize, Serialize};
use spillway_traces::Node;

use super::news::{Fact, Life};
use crate::live::aside::{Answer, Ask};
use crate::live::host::Post;
use crate::live::seats::Parcel;

/// The version of what is said. Both ends have to have the same.
pub const VERSION: u16 = 2;
/// Bytes of a frame, at most; a snapshot of all users has to fit.
pub const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes of the first frame, at most: that of somebody who is not known yet.
pub const FIRST_BYTES_MAX: usize = 64 * 1024;

const LENGTH_BYTES: usize = 4;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// The first word of who has begun the connection.
    Hello {
        /// See [`VERSION`]. It stays the first field of the first frame for good.
        version: u16,
        /// What the system was told, as a hash: it has to be the same for all.
        configuration: u64,
        /// Who says it.
        from: Life,
        /// Whom it is meant for.
        to: Node,
        /// All that it knows.
        facts: Vec<Fact>,
    },
    /// The answer: the connection is made.
    Welcome {
        /// Who says it.
        from: Life,
        /// All that it knows.
        facts: Vec<Fact>,
    },
    /// The answer: it is not made, for this reason. Facts tell who is gone.
    Refused {
        /// In words.
        why: String,
        /// All that it knows.
        facts: Vec<Fact>,
    },
    /// What has just become known.
    News(Vec<Fact>),
    /// Something for a node.
    Post(Post),
    /// Something beside the protocol.
    Aside(Aside),
    /// It is still there.
    Ping,
}

/// What is said beside the protocol: a query server passes it on between communication servers and the global server, and
/// between one communication server and another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aside {
    /// A communication server asks.
    Ask {
        /// Who.
        from: Life,
        /// Which of its questions.
        number: u64,
        /// What.
        ask: Ask,
    },
    /// The global server answers.
    Answer {
        /// Whom.
        to: Life,
        /// Which of its questions.
        number: u64,
        /// With what.
        answer: Answer,
    },
    /// Something about accounts has changed: whoever keeps a copy asks what.
    Stirred,
    /// A communication server says something to another one.
    Between {
        /// Who.
        from: Life,
        /// To whom.
        to: Life,
        /// The number of the first parcel.
        number: u64,
        /// How many of the other one's it has taken.
        taken: u64,
        /// What it says.
        parcels: Vec<Parcel>,
    },
}

/// Why bytes are no frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadFrame {
    /// It is longer than may be.
    TooLong(usize),
    /// It cannot be read.
    Unreadable(String),
}

impl std::fmt::Display for BadFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BadFrame::TooLong(bytes) => write!(f, "a frame of {bytes} bytes"),
            BadFrame::Unreadable(why) => write!(f, "a frame that cannot be read: {why}"),
        }
    }
}

/// Appends a frame. False, and nothing happens, if it is too long.
pub fn write(frame: &Frame, bytes: &mut Vec<u8>) -> bool {
    let from = bytes.len();
    bytes.extend_from_slice(&[0; LENGTH_BYTES]);
    let written = postcard::to_extend(frame, std::mem::take(bytes));
    *bytes = written.expect("whatever is said can be written");
    let length = bytes.len() - from - LENGTH_BYTES;
    if length > FRAME_BYTES_MAX {
        bytes.truncate(from);
        return false;
    }
    bytes[from..from + LENGTH_BYTES].copy_from_slice(&(length as u32).to_le_bytes());
    true
}

/// Takes bytes as they come, and gives frames.
#[derive(Debug, Default)]
pub struct Frames {
    bytes: Vec<u8>,
    at: usize,
    has_begun: bool,
}

impl Frames {
    /// More bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// What has come is none. The connection is of no use any more.
    pub fn take(&mut self) -> Result<Option<Frame>, BadFrame> {
        let rest = &self.bytes[self.at..];
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        let most = if self.has_begun { FRAME_BYTES_MAX } else { FIRST_BYTES_MAX };
        if length > most {
            return Err(BadFrame::TooLong(length));
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let (frame, left) = postcard::take_from_bytes(frame)
            .map_err(|error| BadFrame::Unreadable(error.to_string()))?;
        if !left.is_empty() {
            return Err(BadFrame::Unreadable(format!("{} bytes too many", left.len())));
        }
        self.at += LENGTH_BYTES + length;
        self.has_begun = true;
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_whatever_the_pieces() {
        let life = (Node::query(1), 7);
        let frames = [
            Frame::Hello {
                version: VERSION,
                configuration: 5,
                from: life,
                to: Node::GLOBAL,
                facts: vec![Fact::Born(life)],
            },
            Frame::Ping,
            Frame::News(vec![Fact::Gone(life), Fact::Linked(life, life)]),
        ];
        let mut bytes = Vec::new();
        assert!(frames.iter().all(|frame| write(frame, &mut bytes)));
        for piece in 1..bytes.len() {
            let (mut reading, mut read) = (Frames::default(), Vec::new());
            for piece in bytes.chunks(piece) {
                reading.put(piece);
                while let Some(frame) = reading.take().expect("they are frames") {
                    read.push(frame);
                }
            }
            assert_eq!(read, frames);
        }
    }

    #[test]
    fn what_is_too_long_or_no_frame_is_refused() {
        let mut frames = Frames::default();
        frames.put(&(FIRST_BYTES_MAX as u32 + 1).to_le_bytes());
        assert_eq!(frames.take(), Err(BadFrame::TooLong(FIRST_BYTES_MAX + 1)));
        let mut frames = Frames::default();
        frames.put(&[1, 0, 0, 0, 0xff]);
        assert!(matches!(frames.take(), Err(BadFrame::Unreadable(_))));
        let mut frames = Frames::default();
        let mut bytes = Vec::new();
        write(&Frame::Ping, &mut bytes);
        bytes[0] += 1;
        bytes.push(0);
        frames.put(&bytes);
        assert!(matches!(frames.take(), Err(BadFrame::Unreadable(_))), "a byte too many");
    }

    proptest! {
        /// Whatever comes is frames or is refused; what is refused once is not taken any more.
        #[test]
        fn nothing_that_comes_makes_it_panic(
            noise in proptest::collection::vec(any::<u8>(), 0..400),
            flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6),
        ) {
            let life = (Node::query(1), 7);
            let facts = vec![Fact::Gone(life), Fact::Linked(life, life)];
            let (mut bytes, from) = (Vec::new(), life);
            let hello =
                Frame::Hello { version: VERSION, configuration: 5, from, to: Node::GLOBAL, facts };
            write(&hello, &mut bytes);
            for (at, with) in flips {
                let at = at % bytes.len();
                bytes[at] ^= with;
            }
            bytes.extend(noise);
            let (mut frames, mut taken) = (Frames::default(), 0);
            frames.put(&bytes);
            while let Ok(Some(_)) = frames.take() {
                taken += 1;
                prop_assert!(taken <= bytes.len(), "a frame takes bytes");
            }
        }
    }
}
