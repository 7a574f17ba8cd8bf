//! What codes mean in this federation: SIP status codes and TLS alerts. Data only, read by `--explain`.

pub mod alert;
pub mod status;
