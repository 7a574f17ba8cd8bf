//! Instant messaging: sessions, messages in them, and how they are refused.

mod common;
mod im_audio_video_rejected;
mod im_invite_rejected;
mod im_message_rejected;
mod im_multiparty_rejected;
mod im_only_presence_works;
mod im_session_half_open;
mod sip_480_487_486_603;

use super::Rule;

/// The rules of this class, by name.
pub(super) const RULES: &[&Rule] = &[
    &im_audio_video_rejected::RULE,
    &im_invite_rejected::RULE,
    &im_message_rejected::RULE,
    &im_multiparty_rejected::RULE,
    &im_only_presence_works::RULE,
    &im_session_half_open::RULE,
    &sip_480_487_486_603::RULE,
];
