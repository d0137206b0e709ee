//! `Writer`: header and map of a message.

use std::convert::Infallible;

use minicbor::Encoder;
use minicbor::encode::Error;

use super::{MAGIC, MAX_MESSAGE, VERSION, key};

/// The head of an empty map.
const MAP: u8 = 0xa0;

/// Position of the map's head. It has one byte: no message has more than 23 pairs.
const MAP_HEAD: usize = 6;

pub(super) struct Writer {
    encoder: Encoder<Vec<u8>>,
}

impl Writer {
    pub fn new(kind: u8, cluster: &str) -> Self {
        let mut datagram = Vec::with_capacity(MAX_MESSAGE);
        datagram.extend_from_slice(MAGIC);
        datagram.extend([VERSION, kind, MAP]);
        let mut writer = Writer { encoder: Encoder::new(datagram) };
        if !cluster.is_empty() {
            writer.pair(key::CLUSTER, |encoder| encoder.str(cluster));
        }
        writer
    }

    pub fn len(&self) -> usize {
        self.encoder.writer().len()
    }

    /// Adds a pair to the map.
    pub fn pair(
        &mut self,
        key: u64,
        value: impl for<'e> FnOnce(
            &'e mut Encoder<Vec<u8>>,
        ) -> Result<&'e mut Encoder<Vec<u8>>, Error<Infallible>>,
    ) {
        self.encoder.writer_mut()[MAP_HEAD] += 1;
        self.encoder.u64(key).and_then(value).expect("a vector takes all that is written to it");
    }

    pub fn flag(&mut self, key: u64, is_set: bool) {
        if is_set {
            self.pair(key, |encoder| encoder.bool(true));
        }
    }

    /// Pads the message to `least` bytes. With one byte missing, there is one more, unless that is more than `most`: padding has
    /// two bytes at least. Returns the message, and the number of zeros at its end.
    pub fn finish(self, least: usize, most: usize) -> (Vec<u8>, usize) {
        let mut datagram = self.encoder.into_writer();
        if datagram.len() >= least || datagram.len() + 2 > most {
            return (datagram, 0);
        }
        datagram[MAP_HEAD] += 1;
        datagram.push(key::PADDING as u8);
        // The head may be longer than it need be, so that every length can be had (RFC 8949, section 3, allows that).
        let zeros = match least.saturating_sub(datagram.len()) {
            missing @ ..=24 => {
                let zeros = missing.saturating_sub(1);
                datagram.push(0x40 | zeros as u8);
                zeros
            }
            missing @ 25..=257 => {
                datagram.extend([0x58, (missing - 2) as u8]);
                missing - 2
            }
            missing => {
                let zeros = missing - 3;
                datagram.extend([0x59, (zeros >> 8) as u8, zeros as u8]);
                zeros
            }
        };
        datagram.resize(datagram.len() + zeros, 0);
        (datagram, zeros)
    }
}
