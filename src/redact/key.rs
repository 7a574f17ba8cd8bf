//! Bytes that depend on the key and on a value, and on nothing else.

use ring::hmac;

/// The key of one run, or of several.
#[derive(Clone)]
pub(super) struct Key(hmac::Key);

impl Key {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The bytes for a value of a kind; `attempt` gives others for the same value.
    pub(super) fn stream(&self, tag: u8, value: &[u8], attempt: u32) -> Stream<'_> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[tag]);
        context.update(&attempt.to_be_bytes());
        context.update(value);
        let first = context.sign();
        let mut block = [0; 32];
        block.copy_from_slice(first.as_ref());
        Stream {
            key: self,
            seed: block,
            block,
            used: 0,
            count: 0,
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// As many bytes as wanted: HMAC-SHA-256 in counter mode.
pub(super) struct Stream<'a> {
    key: &'a Key,
    seed: [u8; 32],
    block: [u8; 32],
    used: usize,
    count: u32,
}

impl Stream<'_> {
    pub(super) fn byte(&mut self) -> u8 {
        if let Some(byte) = self.block.get(self.used) {
            self.used += 1;
            return *byte;
        }
        self.count = self.count.wrapping_add(1);
        let mut context = hmac::Context::with_key(&self.key.0);
        context.update(&self.seed);
        context.update(&self.count.to_be_bytes());
        self.block.copy_from_slice(context.sign().as_ref());
        self.used = 1;
        self.block.first().copied().unwrap_or_default()
    }

    /// One of `choices`; at most 256 of them.
    pub(super) fn pick(&mut self, choices: &[u8]) -> u8 {
        let at = usize::from(self.byte())
            .checked_rem(choices.len())
            .unwrap_or_default();
        choices.get(at).copied().unwrap_or(b'x')
    }

    /// A number below `end`; 0 when `end` is.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        let bytes = [self.byte(), self.byte(), self.byte(), self.byte()];
        u32::from_be_bytes(bytes)
            .checked_rem(end)
            .unwrap_or_default()
    }
}
