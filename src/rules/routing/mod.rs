//! SIP routing: where requests go and whether they arrive.

mod sip_408_timeout;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[&sip_408_timeout::RULE];
