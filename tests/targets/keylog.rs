//! Key logs and files with private keys.

use super::input::Input;
use super::small_limits;
use sipdiag::base::Caveats;
use sipdiag::tls::{RsaKey, Secrets};

/// The last byte chooses; the rest is the file.
pub fn run(data: &[u8]) {
    let (choice, file) = Input::with_choice(data);
    let limits = small_limits();
    if choice & 1 == 0 {
        let mut secrets = Secrets::default();
        let report = if choice & 2 == 0 {
            secrets.add_keylog(file, &limits)
        } else {
            secrets.add_keylog_lines_of_comment(file, &limits)
        };
        assert!(report.new <= report.secrets);
        assert!(secrets.len() <= limits.tls_secrets);
        let mut caveats = Caveats::new(limits.places_per_caveat);
        report.note("fuzzed.keys", &mut caveats);
        // What is read a second time names no further session.
        let sessions = secrets.len();
        secrets.add_keylog(file, &limits);
        assert!(choice & 2 != 0 || secrets.len() == sessions);
        return;
    }
    let password = (choice & 2 != 0).then_some("secret");
    match RsaKey::read(file, "fuzzed.pem", password) {
        Ok(keys) => assert!(keys.iter().all(|key| !key.source().is_empty())),
        Err(error) => assert!(!error.to_string().contains('\n'), "one line: {error}"),
    }
}
