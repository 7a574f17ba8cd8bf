#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::sip_datagram::run(data));
