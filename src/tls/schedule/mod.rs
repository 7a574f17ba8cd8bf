//! From secrets to keys, one file for each generation of TLS.
use super::cipher::Parameters;
use super::names::Version;
use super::secrets::Secret;
use super::suite::CipherSuiteId;
#[derive(Debug, Default)]
pub(super) struct Transcript;
impl Transcript {
    pub(super) fn push(&mut self, _b: &[u8]) {}
    pub(super) fn session_hash(&self, _p: &Parameters) -> Vec<u8> {
        vec![]
    }
}
pub(super) fn master_secret(_p: &Parameters, _m: &[u8]) -> Secret {
    Secret::new(vec![])
}
pub(super) fn extended_master_secret(_p: &Parameters, _m: &[u8], _h: &[u8]) -> Secret {
    Secret::new(vec![])
}
pub(super) fn next_traffic_secret(_s: CipherSuiteId, _v: Version, s: &Secret) -> Secret {
    s.clone()
}
