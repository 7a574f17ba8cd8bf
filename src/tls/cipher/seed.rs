//! The block cipher SEED (RFC 4269), which no crate of this generation has; used in CBC mode (RFC 4162).

use cipher::consts::{U1, U16};
use cipher::{
    Block, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, InOut, Key, KeyInit, KeySizeUser,
    ParBlocksSizeUser,
};
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// The golden ratio; the constant of each round is this, turned (RFC 4269 §2.4).
const KC: u32 = 0x9e37_79b9;

/// SEED under one key: the two keys of each round.
pub(super) struct Seed {
    rounds: Zeroizing<Vec<[u32; 2]>>,
}

/// The extended S-boxes SS0 to SS3 (RFC 4269 §2.3), computed from what they are made of: a power in GF(2^8), a linear map and a
/// constant.
static SS: LazyLock<[[u32; 256]; 4]> = LazyLock::new(|| {
    let s1 = s_box(247, [0x2c, 0xd0, 0x69, 0xc2, 0x41, 0x44, 0x58, 0xe2], 169);
    let s2 = s_box(251, [0xd0, 0x2a, 0xe1, 0x2c, 0x21, 0x30, 0xa2, 0x6c], 56);
    let masked = |s: &[u8; 256], masks: [u8; 4]| {
        s.map(|byte| u32::from_le_bytes(masks.map(|mask| mask & byte)))
    };
    [
        masked(&s1, [0xfc, 0xf3, 0xcf, 0x3f]),
        masked(&s2, [0xf3, 0xcf, 0x3f, 0xfc]),
        masked(&s1, [0xcf, 0x3f, 0xfc, 0xf3]),
        masked(&s2, [0x3f, 0xfc, 0xf3, 0xcf]),
    ]
});

/// `columns` of the linear map, applied to x^`power`, and `constant` added.
fn s_box(power: u32, columns: [u8; 8], constant: u8) -> [u8; 256] {
    let mut out = [0; 256];
    for (x, out) in (0..=u8::MAX).zip(out.iter_mut()) {
        let raised = (0..power).fold(1, |product, _| times(product, x));
        let mapped = (0..8)
            .zip(columns)
            .filter(|(bit, _)| raised >> bit & 1 == 1)
            .fold(0, |sum, (_, column)| sum ^ column);
        *out = mapped ^ constant;
    }
    out
}

/// The product in GF(2^8) modulo x^8 + x^6 + x^5 + x + 1.
fn times(a: u8, b: u8) -> u8 {
    let mut product = 0;
    let mut shifted = a;
    for bit in 0..8 {
        if b >> bit & 1 == 1 {
            product ^= shifted;
        }
        let carry = shifted >> 7;
        shifted = (shifted << 1) ^ (carry * 0x63);
    }
    product
}

/// The function G (RFC 4269 §2.3).
fn g(x: u32) -> u32 {
    SS.iter()
        .zip(x.to_le_bytes())
        .filter_map(|(table, byte)| table.get(usize::from(byte)))
        .fold(0, |sum, entry| sum ^ entry)
}

/// The function F (RFC 4269 §2.2).
fn f([r0, r1]: [u32; 2], [k0, k1]: [u32; 2]) -> [u32; 2] {
    let t0 = r0 ^ k0;
    let t1 = g(t0 ^ r1 ^ k1);
    let t0 = g(t0.wrapping_add(t1));
    let t1 = g(t1.wrapping_add(t0));
    [t0.wrapping_add(t1), t1]
}

/// The block as big-endian words.
fn words(block: &[u8; 16]) -> [u32; 4] {
    let mut words = [0; 4];
    let (chunks, _) = block.as_chunks::<4>();
    for (word, bytes) in words.iter_mut().zip(chunks) {
        *word = u32::from_be_bytes(*bytes);
    }
    words
}

impl Seed {
    /// Sixteen rounds with these keys; decryption takes them from the end (RFC 4269 §2.1).
    fn crypt<'a>(block: [u8; 16], keys: impl Iterator<Item = &'a [u32; 2]>) -> [u8; 16] {
        let [l0, l1, r0, r1] = words(&block);
        let (mut left, mut right) = ([l0, l1], [r0, r1]);
        for key in keys {
            let [f0, f1] = f(right, *key);
            let [l0, l1] = left;
            left = right;
            right = [l0 ^ f0, l1 ^ f1];
        }
        // The halves are not exchanged behind the last round.
        let mut out = [0; 16];
        let bytes = right
            .iter()
            .chain(&left)
            .flat_map(|word| word.to_be_bytes());
        out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        out
    }
}

impl KeySizeUser for Seed {
    type KeySize = U16;
}

impl KeyInit for Seed {
    /// RFC 4269 §2.4.
    fn new(key: &Key<Self>) -> Self {
        let [mut k0, mut k1, mut k2, mut k3] = words(&(*key).into());
        let mut rounds = Zeroizing::new(Vec::with_capacity(16));
        for round in 0..16 {
            let kc = KC.rotate_left(round);
            rounds.push([
                g(k0.wrapping_add(k2).wrapping_sub(kc)),
                g(k1.wrapping_sub(k3).wrapping_add(kc)),
            ]);
            if round % 2 == 0 {
                (k0, k1) = (k0 >> 8 | k1 << 24, k1 >> 8 | k0 << 24);
            } else {
                (k2, k3) = (k2 << 8 | k3 >> 24, k3 << 8 | k2 >> 24);
            }
        }
        Self { rounds }
    }
}

impl BlockSizeUser for Seed {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Seed {
    type ParBlocksSize = U1;
}

impl BlockCipherDecrypt for Seed {
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        f.call(self);
    }
}

impl BlockCipherDecBackend for Seed {
    fn decrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let opened = Self::crypt(block.clone_in().into(), self.rounds.iter().rev());
        *block.get_out() = opened.into();
    }
}

impl BlockCipherEncrypt for Seed {
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        f.call(self);
    }
}

impl BlockCipherEncBackend for Seed {
    fn encrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let sealed = Self::crypt(block.clone_in().into(), self.rounds.iter());
        *block.get_out() = sealed.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4269 appendix B: key, plaintext and ciphertext.
    #[test]
    fn as_in_rfc_4269() {
        let cases: [(u128, u128, u128); 4] = [
            (
                0,
                0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f,
                0x5eba_c6e0_054e_1668_19af_f1cc_6d34_6cdb,
            ),
            (
                0x0001_0203_0405_0607_0809_0a0b_0c0d_0e0f,
                0,
                0xc11f_22f2_0140_5050_8448_3597_e437_0f43,
            ),
            (
                0x4706_4808_51e6_1be8_5d74_bfb3_fd95_6185,
                0x83a2_f8a2_8864_1fb9_a4e9_a5cc_2f13_1c7d,
                0xee54_d13e_bcae_706d_226b_c314_2cd4_0d4a,
            ),
            (
                0x28db_c3bc_49ff_d87d_cfa5_09b1_1d42_2be7,
                0xb41e_6be2_eba8_4a14_8e2e_ed84_593c_5ec7,
                0x9b9b_7bfc_d181_3cb9_5d0b_3618_f40f_5122,
            ),
        ];
        for (key, plain, sealed) in cases {
            let seed = Seed::new(&key.to_be_bytes().into());
            let mut block = plain.to_be_bytes().into();
            BlockCipherEncrypt::encrypt_block(&seed, &mut block);
            assert_eq!(block.as_slice(), sealed.to_be_bytes());
            let mut block = sealed.to_be_bytes().into();
            BlockCipherDecrypt::decrypt_block(&seed, &mut block);
            assert_eq!(block.as_slice(), plain.to_be_bytes());
        }
    }
}
