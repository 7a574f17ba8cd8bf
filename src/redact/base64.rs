//! Text in base64: what it says is masked, and it is written again, as long as it was.

use super::Pseudonyms;
use super::mask::Escapes;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true)
        .with_encode_padding(false),
);

impl Pseudonyms {
    /// `ms-body=`, `msgr=` (\[MS-SIP\]): base64 of UTF-8 or UTF-16.
    pub(super) fn base64(&mut self, bytes: &mut [u8]) {
        let end = bytes
            .len()
            .saturating_sub(bytes.iter().rev().take_while(|b| **b == b'=').count());
        let Some(mut text) = bytes.get(..end).and_then(|b| ENGINE.decode(b).ok()) else {
            return Self::blank(bytes);
        };
        self.mask(&mut text, Escapes::None);
        let again = ENGINE.encode(&text);
        match bytes.get_mut(..end) {
            Some(to) if to.len() == again.len() => to.copy_from_slice(again.as_bytes()),
            _ => Self::blank(bytes),
        }
    }
}
