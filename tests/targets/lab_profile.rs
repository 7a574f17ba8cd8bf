//! Lab profiles.

use sipdiag::lab::Profile;

/// A file.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Profile::parse(&text) {
        Ok(mut profile) => {
            let address = [10, 1, 1, 10].into();
            let names: Vec<String> = profile.names_mut().map(|name| name.clone()).collect();
            let _ = (
                profile.cisco.admits(address, &names),
                profile.lab_networks(),
            );
            for name in &names {
                let _ = (profile.trusts(name), profile.is_peer_subject(name));
            }
            assert!(profile.trusted_pools().len() <= names.len());
        }
        Err(error) => assert!(!error.is_empty()),
    }
}
