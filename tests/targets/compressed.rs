//! Compressed captures: gzip, zstd and lz4, one member behind the other, cut and damaged. The first bytes of the format are put in
//! front where they are not there, so that no run is wasted on what is no compressed file at all.

use super::capture::read;
use super::input::Input;
use super::small_limits;

/// The beginnings of what is read.
const MAGIC: [&[u8]; 3] = [
    &[0x1f, 0x8b, 8],
    &[0x28, 0xb5, 0x2f, 0xfd],
    &[0x04, 0x22, 0x4d, 0x18],
];

/// The last byte chooses the format; the rest is the file.
pub fn run(data: &[u8]) {
    let (choice, file) = Input::with_choice(data);
    let known = MAGIC.iter().any(|magic| file.starts_with(magic));
    let magic = match usize::from(choice).checked_rem(MAGIC.len()) {
        Some(n) if !known => MAGIC[n],
        _ => &[],
    };
    let file = [magic, file].concat();
    read(Box::new(&file[..]), &small_limits());
}
