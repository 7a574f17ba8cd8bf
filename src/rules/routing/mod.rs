//! SIP routing: where requests go and whether they arrive.

mod cup_static_route_not_used;
mod route_host_unresolvable;
mod sip_408_timeout;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &cup_static_route_not_used::RULE,
    &route_host_unresolvable::RULE,
    &sip_408_timeout::RULE,
];
