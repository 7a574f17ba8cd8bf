//! Block ciphers in CBC mode (RFC 5246 §6.2.3.2, RFC 2246 §6.2.3.2, RFC 6101 §5.2.3.2), encrypt-then-MAC included (RFC 7366).

use super::mac::RecordMac;
use super::seed::Seed;

use super::{Failed, Hole, Opener, Parameters, Unsupported};
use crate::tls::names::Version;
use crate::tls::record::Head;
use crate::tls::schedule::WriteKeys;
use crate::tls::suite::Cipher;
use aes::{Aes128, Aes256};
use aria::{Aria128, Aria256};
use camellia::{Camellia128, Camellia256};
use cbc::Decryptor;
use cipher::{Block, BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit};
use des::{Des, TdesEde3};
use idea::Idea;
use rc2::Rc2;
use std::fmt;

/// Effective bits of an RC2 key (RFC 2268 §2). The stacks that had its export suites took the whole expanded key.
const RC2_BITS: usize = 128;

/// The opener of a CBC suite.
pub(super) fn new(
    p: &Parameters,
    cipher: Cipher,
    keys: &WriteKeys,
) -> Result<Box<dyn Opener>, Unsupported> {
    match cipher {
        Cipher::Des | Cipher::Des40 => boxed::<Des>(p, keys),
        Cipher::TripleDes => boxed::<TdesEde3>(p, keys),
        Cipher::Idea => boxed::<Idea>(p, keys),
        Cipher::Rc2_40 | Cipher::Rc2_56 => {
            let key = keys.key.bytes();
            // A longer key would panic.
            if !(1..=16).contains(&key.len()) {
                return Err(Unsupported);
            }
            Ok(Box::new(Cbc::new(
                Rc2::new_with_eff_key_len(key, RC2_BITS),
                p,
                keys,
            )?))
        }

        Cipher::Seed => boxed::<Seed>(p, keys),
        Cipher::Aes128Cbc => boxed::<Aes128>(p, keys),
        Cipher::Aes256Cbc => boxed::<Aes256>(p, keys),
        Cipher::Camellia128Cbc => boxed::<Camellia128>(p, keys),
        Cipher::Camellia256Cbc => boxed::<Camellia256>(p, keys),
        Cipher::Aria128Cbc => boxed::<Aria128>(p, keys),
        Cipher::Aria256Cbc => boxed::<Aria256>(p, keys),
        _ => Err(Unsupported),
    }
}

fn boxed<C: BlockCipherDecrypt + KeyInit + Send + 'static>(
    p: &Parameters,
    keys: &WriteKeys,
) -> Result<Box<dyn Opener>, Unsupported> {
    let cipher = C::new_from_slice(keys.key.bytes()).map_err(|_| Unsupported)?;
    Ok(Box::new(Cbc::new(cipher, p, keys)?))
}

/// Opens the records of one direction.
struct Cbc<C: BlockCipherDecrypt> {
    cipher: C,
    chain: Chain<C>,
    mac: RecordMac,
    ssl3: bool,
    encrypt_then_mac: bool,
    /// The chain is known up to the record behind the hole.
    preceded: bool,
}

/// What a record's first block is chained to.
enum Chain<C: BlockCipherDecrypt> {
    /// To the IV in the record itself: TLS 1.1 and later.
    Explicit,
    /// To the last block of the record before it, if that is known.
    Implicit(Option<Block<C>>),
}

impl<C: BlockCipherDecrypt> Cbc<C> {
    fn new(cipher: C, p: &Parameters, keys: &WriteKeys) -> Result<Self, Unsupported> {
        let chain = if p.version.0 > Version::TLS10.0 {
            Chain::Explicit
        } else {
            let iv = Block::<C>::try_from(keys.iv.bytes()).map_err(|_| Unsupported)?;
            Chain::Implicit(Some(iv))
        };
        Ok(Self {
            cipher,
            chain,
            mac: RecordMac::new(p, &keys.mac)?,
            ssl3: p.version == Version::SSL3,
            encrypt_then_mac: p.encrypt_then_mac && p.version != Version::SSL3,
            preceded: false,
        })
    }

    /// What is encrypted, and the MAC behind it.
    fn split<'a>(&self, sealed: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        if self.encrypt_then_mac {
            self.mac.split(sealed)
        } else {
            Some((sealed, &[]))
        }
    }

    /// Decrypts whole blocks, still with padding; moves nothing.
    fn decrypt(&self, encrypted: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
        out.clear();
        let (blocks, rest) = Block::<C>::slice_as_chunks(encrypted);
        if !rest.is_empty() {
            return Err(Failed::DoesNotAuthenticate);
        }
        let (iv, blocks) = match &self.chain {
            Chain::Explicit => blocks.split_first().ok_or(Failed::DoesNotAuthenticate)?,
            Chain::Implicit(iv) => (iv.as_ref().ok_or(Failed::ChainBroken)?, blocks),
        };
        out.extend_from_slice(Block::<C>::slice_as_flattened(blocks));
        let (blocks, _) = Block::<C>::slice_as_chunks_mut(out);
        Decryptor::inner_iv_init(&self.cipher, iv).decrypt_blocks(blocks);
        Ok(())
    }

    /// The length without padding, if that is as it must be.
    fn unpadded(&self, decrypted: &[u8]) -> Option<usize> {
        let (last, before) = decrypted.split_last()?;
        let padding = usize::from(*last);
        let (content, padding) = before.split_at_checked(before.len().checked_sub(padding)?)?;
        let right = if self.ssl3 {
            // Its content is arbitrary, but it is shorter than a block (RFC 6101 §5.2.3.2).
            padding.len() < Block::<C>::default().len()
        } else {
            padding.iter().all(|byte| byte == last)
        };
        right.then_some(content.len())
    }

    /// Decrypts once, then looks for a number with which the MAC is right.
    fn open_any(
        &mut self,
        mut numbers: impl Iterator<Item = u64>,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u64, Failed> {
        out.clear();
        let wrong = Failed::DoesNotAuthenticate;
        let (encrypted, mac) = self.split(sealed).ok_or(wrong)?;
        let (number, len) = if self.encrypt_then_mac {
            let number = numbers
                .find(|seq| self.mac.verify(*seq, head, encrypted, mac))
                .ok_or(wrong)?;
            self.decrypt(encrypted, out)?;
            (number, self.unpadded(out))
        } else {
            self.decrypt(encrypted, out)?;
            let found = self
                .unpadded(out)
                .and_then(|len| self.mac.split(out.get(..len)?))
                .and_then(|(content, mac)| {
                    let number = numbers.find(|seq| self.mac.verify(*seq, head, content, mac))?;
                    Some((number, Some(content.len())))
                });
            found.unwrap_or_default()
        };
        out.truncate(len.unwrap_or_default());
        if len.is_none() {
            return Err(wrong);
        }
        self.chain_to(encrypted);
        Ok(number)
    }

    /// The next record is chained to these bytes.
    fn chain_to(&mut self, encrypted: &[u8]) {
        self.preceded = false;
        if let Chain::Implicit(iv) = &mut self.chain {
            let size = Block::<C>::default().len();
            *iv = encrypted
                .len()
                .checked_sub(size)
                .and_then(|at| encrypted.get(at..))
                .and_then(|block| Block::<C>::try_from(block).ok());
        }
    }
}

impl<C: BlockCipherDecrypt + Send> Opener for Cbc<C> {
    fn open(
        &mut self,
        seq: u64,
        head: &Head,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Failed> {
        self.open_any(std::iter::once(seq), head, sealed, out)
            .map(|_| ())
    }

    fn find(&mut self, hole: &Hole, head: &Head, sealed: &[u8], out: &mut Vec<u8>) -> Option<u64> {
        out.clear();
        if let Chain::Implicit(iv) = &mut self.chain
            && hole.missing > 0
            && !self.preceded
        {
            *iv = None;
            return None;
        }
        self.open_any(hole.numbers(sealed.len()), head, sealed, out)
            .ok()
    }

    fn precede(&mut self, tail: &[u8]) {
        self.pass(tail.len(), tail);
        self.preceded = true;
    }

    fn pass(&mut self, _len: usize, tail: &[u8]) {
        let encrypted = self.split(tail).map(|(encrypted, _)| encrypted);
        self.chain_to(encrypted.unwrap_or_default());
    }
}

impl<C: BlockCipherDecrypt> fmt::Debug for Cbc<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cbc")
            .field("mac", &self.mac)
            .field("chained", &matches!(self.chain, Chain::Implicit(Some(_))))
            .finish_non_exhaustive()
    }
}
