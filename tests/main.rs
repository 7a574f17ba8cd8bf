//! One test binary: one link, one start. What each module is for stands on top of it.

mod catalogue;
mod cli;
mod formats;
mod layering;
mod limits;
mod oracle;
mod robustness;
mod rules;
mod samples;
mod support;
