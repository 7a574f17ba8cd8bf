//! Decryption: a key log, and the records that it opens. However the stream is cut, the same plaintext comes out.

use super::input::{Input, counted, pieces};
use super::small_limits;
use super::tls::same_however_cut;
use sipdiag::tls::Secrets;

/// One byte for the cuts, a key log with its length, then pieces.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let seed = input.u8();
    let mut secrets = Secrets::default();
    secrets.add_keylog(input.counted(), &small_limits());
    same_however_cut(seed, &pieces(&mut input), &secrets);
}

/// The beginning of an input: pieces follow.
pub fn begin(seed: u8, key_log: &[u8]) -> Vec<u8> {
    let mut out = vec![seed];
    counted(&mut out, key_log);
    out
}
