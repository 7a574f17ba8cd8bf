//! The parts by themselves, in bytes of input a second: `cargo bench [-- NAME]`. Whole programs beside others: `tests/bench/run`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool for those who measure: what cannot be is a panic"
)]

#[path = "messages.rs"]
mod messages;
#[path = "profiles.rs"]
mod profiles;
#[path = "records.rs"]
mod records;
#[path = "secure.rs"]
mod secure;
#[expect(dead_code, reason = "the tests use what is not used here")]
#[path = "../support/wire.rs"]
mod wire;

/// As in the program: another one would show other times.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use aes::Aes128;
use cbc::Decryptor;
use cipher::{Block, BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use des::TdesEde3;
use sipdiag::Config;
use sipdiag::base::{Caveats, Chunk, FileIndex, FrameRef, Limits};
use sipdiag::capture::{Capture, Item};
use sipdiag::flow::{FlowTable, StreamNumbers};
use sipdiag::packet::{Decoder, Payload};
use sipdiag::render::{self, Detail, Style, TimeStyle};
use sipdiag::sip;
use std::hint::black_box;
use std::io::Cursor;

/// Bytes of each capture: enough for steady work, little enough to be measured often.
const BYTES: u64 = 4_000_000;

/// A capture, and its key log.
fn made(profile: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut out = Vec::new();
    let secrets = profiles::make(profile, BYTES, &mut out).unwrap();
    (out, secrets)
}

fn bytes_of(input: &[u8]) -> Throughput {
    Throughput::Bytes(u64::try_from(input.len()).unwrap())
}

/// From the file to segments in order, a room more each time.
fn rooms(c: &mut Criterion) {
    let limits = Limits::default();
    let (capture, _) = made("tcp");
    let mut group = c.benchmark_group("rooms");
    group.throughput(bytes_of(&capture));
    group.bench_function("capture", |b| {
        b.iter(|| {
            read(&capture, &limits, |item| {
                black_box(item);
            })
        });
    });
    group.bench_function("capture, packet", |b| {
        b.iter(|| {
            let mut decoder = Decoder::new(&limits);
            let mut caveats = Caveats::new(limits.places_per_caveat);
            read(&capture, &limits, |item| {
                if let Item::Frame(frame) = item {
                    black_box(decoder.push(&frame, &mut caveats));
                }
            });
        });
    });
    group.bench_function("capture, packet, flow", |b| {
        b.iter(|| {
            let mut decoder = Decoder::new(&limits);
            let mut caveats = Caveats::new(limits.places_per_caveat);
            let mut numbers = StreamNumbers::new(limits.stream_numbers);
            let mut table = FlowTable::<()>::new(&limits);
            read(&capture, &limits, |item| {
                let Item::Frame(frame) = item else { return };
                let packet = decoder.push(&frame, &mut caveats);
                let (Payload::Tcp(segment), Some(src), Some(dst)) = (
                    &packet.payload,
                    packet.src_endpoint(),
                    packet.dst_endpoint(),
                ) else {
                    return;
                };
                let number = numbers.number(src, dst, segment.flags, segment.seq).number;
                table.push(number, packet.at, src, dst, segment, false, &mut |event| {
                    black_box(event);
                });
            });
        });
    });
}

fn read(capture: &[u8], limits: &Limits, mut sink: impl FnMut(Item<'_>)) {
    let mut caveats = Caveats::new(limits.places_per_caveat);
    let source = Box::new(Cursor::new(capture));
    let mut file = Capture::open(source, "bench.pcap", FileIndex(0), false, limits).unwrap();
    while let Some(item) = file.next(&mut caveats) {
        sink(item);
    }
}

/// SIP out of a stream and out of datagrams.
fn sip(c: &mut Criterion) {
    let limits = Limits::default();
    let all: Vec<Vec<u8>> = (0..1_000)
        .flat_map(|n| messages::exchange(None, n))
        .map(|(_, message)| message)
        .collect();
    let stream = all.concat();
    let at = FrameRef::default();
    let mut group = c.benchmark_group("sip");
    group.throughput(bytes_of(&stream));
    group.bench_function("stream", |b| {
        b.iter(|| {
            let mut framer = sip::Framer::new(&limits);
            for (offset, bytes) in (0..).step_by(1_460).zip(stream.chunks(1_460)) {
                let chunk = Chunk::Data { offset, at, bytes };
                framer.push(chunk, &mut |item| {
                    black_box(item);
                });
            }
        });
    });
    group.bench_function("datagrams", |b| {
        b.iter(|| {
            for message in &all {
                let len = u32::try_from(message.len()).unwrap();
                sip::datagram(message, at, len, &limits, &mut |item| {
                    black_box(item);
                });
            }
        });
    });
}

/// What each cipher takes by itself, in records of TLS.
fn ciphers(c: &mut Criterion) {
    /// RFC 5246 §6.2.1.
    const RECORD: usize = 16_384;
    let mut group = c.benchmark_group("ciphers");
    group.throughput(Throughput::Bytes(u64::try_from(RECORD).unwrap()));
    fn cbc<C: BlockCipherDecrypt + KeyInit>(key: &[u8], record: &mut [u8]) {
        let iv = Block::<C>::default();
        let (blocks, _) = Block::<C>::slice_as_chunks_mut(record);
        Decryptor::<C>::new_from_slices(key, &iv)
            .unwrap()
            .decrypt_blocks(blocks);
    }
    let fresh = || vec![7_u8; RECORD];
    group.bench_function("AES-128-GCM", |b| {
        let key = ring::aead::UnboundKey::new(&ring::aead::AES_128_GCM, &[1; 16]).unwrap();
        let key = ring::aead::LessSafeKey::new(key);
        let nonce = || ring::aead::Nonce::assume_unique_for_key([2; 12]);
        let mut sealed = fresh();
        key.seal_in_place_append_tag(nonce(), ring::aead::Aad::empty(), &mut sealed)
            .unwrap();
        b.iter_batched_ref(
            || sealed.clone(),
            |record| {
                key.open_in_place(nonce(), ring::aead::Aad::empty(), record)
                    .unwrap()
                    .len()
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("AES-128-CBC", |b| {
        b.iter_batched_ref(
            fresh,
            |record| cbc::<Aes128>(&[1; 16], record),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("3DES-CBC", |b| {
        b.iter_batched_ref(
            fresh,
            |record| cbc::<TdesEde3>(&[1; 24], record),
            BatchSize::SmallInput,
        );
    });
}

/// The whole way, from the file to the report.
fn analyze(c: &mut Criterion) {
    let mut group = c.benchmark_group("analyze");
    group.sample_size(10);
    for profile in ["noise", "udp", "tcp", "gcm", "cbc", "3des"] {
        let (capture, secrets) = made(profile);
        let mut config = Config::default();
        if let Some(secrets) = secrets {
            config.secrets.add_keylog(&secrets, &config.limits);
        }
        group.throughput(bytes_of(&capture));
        group.bench_function(profile, |b| {
            b.iter(|| {
                let capture = Cursor::new(capture.clone());
                sipdiag::analyze(capture, "bench.pcap", config.clone()).unwrap()
            });
        });
    }
}

/// A report in each format.
fn reports(c: &mut Criterion) {
    let mut config = Config::default();
    config.charts = true;
    let report = sipdiag::analyze(Cursor::new(made("tcp").0), "bench.pcap", config).unwrap();
    let style = Style::new(TimeStyle::Utc, false).with(Detail::Full);
    let mut group = c.benchmark_group("reports");
    group.bench_function("text", |b| {
        b.iter(|| render::text(&report, style, &mut Vec::new()))
    });
    group.bench_function("json", |b| {
        b.iter(|| render::json::json(&report, &mut Vec::new()))
    });
    group.bench_function("html", |b| {
        b.iter(|| render::html(&report, style, &mut Vec::new()))
    });
}

criterion_group!(parts, rooms, sip, ciphers, analyze, reports);
criterion_main!(parts);
