//! Whom a server trusts, and what a Microsoft server says when it does not.

mod common;
mod lab_profile_differs;
mod ms_diagnostics_reported;
mod route_maddr_not_trusted;
mod trust_403_forbidden;
mod trust_504_from_lync;
mod trust_naked_504;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &lab_profile_differs::RULE,
    &ms_diagnostics_reported::RULE,
    &route_maddr_not_trusted::RULE,
    &trust_403_forbidden::RULE,
    &trust_504_from_lync::RULE,
    &trust_naked_504::RULE,
];
