//! From secrets to keys, one file for each generation of TLS.
