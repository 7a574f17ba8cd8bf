//! SIP routing: where requests go and whether they arrive.

mod common;
mod cup_static_route_not_used;
mod lync_static_route_missing;
mod route_host_rewritten_in_ruri;
mod route_host_unresolvable;
mod route_loop;
mod route_missing_lr;
mod route_record_route_no_transport;
mod route_set_not_followed;
mod sip_404_user_unknown;
mod sip_408_timeout;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &cup_static_route_not_used::RULE,
    &lync_static_route_missing::RULE,
    &route_host_rewritten_in_ruri::RULE,
    &route_host_unresolvable::RULE,
    &route_loop::RULE,
    &route_missing_lr::RULE,
    &route_record_route_no_transport::RULE,
    &route_set_not_followed::RULE,
    &sip_404_user_unknown::RULE,
    &sip_408_timeout::RULE,
];
