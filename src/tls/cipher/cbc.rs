//! Block ciphers in CBC mode (RFC 5246 §6.2.3.2, RFC 2246 §6.2.3.2, RFC 6101 §5.2.3.2), encrypt-then-MAC included (RFC 7366).

use super::mac::RecordMac;
use super::seed::Seed;
use super::{Failed, Hole, Opener, Parameters, Place, Unsupported};
use crate::tls::names::Version;
use crate::tls::record::Head;
use crate::tls::schedule::WriteKeys;
use crate::tls::suite::Cipher;
use aes::{Aes128, Aes256};
use aria::{Aria128, Aria256};
use camellia::{Camellia128, Camellia256};
use cbc::{Decryptor, Encryptor};
use cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit,
    KeyInit,
};
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

fn boxed<C: BlockCipher + KeyInit + Send + 'static>(
    p: &Parameters,
    keys: &WriteKeys,
) -> Result<Box<dyn Opener>, Unsupported> {
    let cipher = C::new_from_slice(keys.key.bytes()).map_err(|_| Unsupported)?;
    Ok(Box::new(Cbc::new(cipher, p, keys)?))
}

/// A cipher in both its directions.
trait BlockCipher: BlockCipherDecrypt + BlockCipherEncrypt {}
impl<C: BlockCipherDecrypt + BlockCipherEncrypt> BlockCipher for C {}

/// Opens the records of one direction.
struct Cbc<C: BlockCipher> {
    cipher: C,
    chain: Chain<C>,
    mac: RecordMac,
    ssl3: bool,
    encrypt_then_mac: bool,
    /// The chain is known up to the record behind the hole.
    preceded: bool,
}

/// What a record's first block is chained to.
enum Chain<C: BlockCipher> {
    /// To the IV in the record itself: TLS 1.1 and later.
    Explicit,
    /// To the last block of the record before it, if that is known.
    Implicit(Option<Block<C>>),
}

impl<C: BlockCipher> Cbc<C> {
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

    /// What the first block of a record is chained to, where it is to be sealed.
    fn iv_for(&self, seq: u64, place: &Place<'_>) -> Option<Block<C>> {
        let size = Block::<C>::default().len();
        let block = match &self.chain {
            Chain::Explicit => place.old.get(..size)?,
            Chain::Implicit(first) if seq == 0 => return first.clone(),
            Chain::Implicit(_) => {
                let mac = if self.encrypt_then_mac {
                    self.mac.len()
                } else {
                    0
                };
                let end = place.before.len().checked_sub(mac)?;
                place.before.get(end.checked_sub(size)?..end)?
            }
        };
        Block::<C>::try_from(block).ok()
    }

    /// Padding up to `len` bytes (RFC 5246 §6.2.3.2).
    fn pad(&self, mut content: Vec<u8>, len: usize) -> Option<Vec<u8>> {
        let size = Block::<C>::default().len();
        let padding = len.checked_sub(content.len())?.checked_sub(1)?;
        let byte = u8::try_from(padding).ok()?;
        let wrong = len.checked_rem(size)? != 0 || (self.ssl3 && padding >= size);
        content.resize(len, byte);
        (!wrong).then_some(content)
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

impl<C: BlockCipher + Send> Opener for Cbc<C> {
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

    fn seal(
        &mut self,
        seq: u64,
        head: &Head,
        content: &[u8],
        place: &Place<'_>,
    ) -> Option<Vec<u8>> {
        let (old, _) = self.split(place.old)?;
        let iv = self.iv_for(seq, place)?;
        let explicit = match &self.chain {
            Chain::Explicit => iv.len(),
            Chain::Implicit(_) => 0,
        };
        let plain = if self.encrypt_then_mac {
            content.to_vec()
        } else {
            self.mac.append(seq, head, content)?
        };
        let mut blocks = self.pad(plain, old.len().checked_sub(explicit)?)?;
        let (to_encrypt, _) = Block::<C>::slice_as_chunks_mut(&mut blocks);
        Encryptor::inner_iv_init(&self.cipher, &iv).encrypt_blocks(to_encrypt);
        let sealed = [place.old.get(..explicit)?, &blocks].concat();
        if self.encrypt_then_mac {
            self.mac.append(seq, head, &sealed)
        } else {
            Some(sealed)
        }
    }
}

impl<C: BlockCipher> fmt::Debug for Cbc<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cbc")
            .field("mac", &self.mac)
            .field("chained", &matches!(self.chain, Chain::Implicit(Some(_))))
            .finish_non_exhaustive()
    }
}
