//! What stands on a terminal while captures are read.

use super::*;
use indicatif::InMemoryTerm;
use std::io::Write;

/// A bar on a terminal of our own, without a limit on how often it is drawn.
fn on(patience: Duration) -> (InMemoryTerm, Progress) {
    let terminal = InMemoryTerm::new(4, 100);
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 255);
    (terminal, Progress::on(target, patience))
}

/// A file of 4 KiB, and a reader of it that is counted.
fn file(progress: &Progress) -> (tempfile::NamedTempFile, Box<dyn Read + Send>) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[0; 4096]).unwrap();
    let reader = progress.counted(Box::new(file.reopen().unwrap()));
    (file, reader)
}

/// Reads, and gives indicatif the time after which it draws again.
fn read(reader: &mut dyn Read, bytes: usize) {
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(reader.read(&mut vec![0; bytes]).unwrap(), bytes);
}

#[test]
fn a_bar_shows_the_share_that_was_read_and_goes_away() {
    let (terminal, progress) = on(Duration::ZERO);
    let (file, mut reader) = file(&progress);
    progress.pass("reading", &[file.path().to_owned()]);
    read(&mut reader, 1024);
    assert_eq!(
        terminal.contents(),
        "sipdiag: reading [======>                 ]  25% of 4.00 KiB"
    );
    read(&mut reader, 3072);
    assert!(
        terminal.contents().contains("100% of 4.00 KiB"),
        "{}",
        terminal.contents()
    );
    progress.clear();
    assert_eq!(terminal.contents(), "");
}

#[test]
fn a_second_pass_begins_again_and_says_so() {
    let (terminal, progress) = on(Duration::ZERO);
    let (file, mut reader) = file(&progress);
    let captures = [file.path().to_owned()];
    progress.pass("reading", &captures);
    read(&mut reader, 4096);
    progress.wait("judging");
    let shown = terminal.contents();
    assert!(
        shown.contains("judging") && !shown.contains('%'),
        "what has no measure shows none: {shown}"
    );
    progress.pass("reading again, with the secrets found", &captures);
    let (_other, mut again) = self::file(&progress);
    read(&mut again, 2048);
    let shown = terminal.contents();
    assert!(
        shown.contains("reading again, with the secrets found")
            && shown.contains(" 50% of 4.00 KiB"),
        "{shown}"
    );
}

#[test]
fn what_has_no_size_gets_a_spinner_with_bytes() {
    let (terminal, progress) = on(Duration::ZERO);
    let (file, mut reader) = file(&progress);
    progress.pass("reading", &[PathBuf::from("-"), file.path().to_owned()]);
    read(&mut reader, 2048);
    let shown = terminal.contents();
    assert!(
        shown.contains("sipdiag: reading, 2.00 KiB") && !shown.contains('%'),
        "{shown}"
    );
}

#[test]
fn a_file_that_grows_is_never_more_than_all() {
    let (terminal, progress) = on(Duration::ZERO);
    let (mut file, mut reader) = file(&progress);
    progress.pass("reading", &[file.path().to_owned()]);
    file.write_all(&[0; 4096]).unwrap();
    read(&mut reader, 8192);
    let shown = terminal.contents();
    assert!(shown.contains("100% of 8.00 KiB"), "{shown}");
}

#[test]
fn quick_work_and_no_terminal_show_nothing() {
    let (terminal, progress) = on(Duration::from_secs(3600));
    let (file, mut reader) = file(&progress);
    progress.pass("reading", &[file.path().to_owned()]);
    read(&mut reader, 4096);
    progress.wait("judging");
    assert_eq!(terminal.contents(), "");
    progress.clear();
    assert_eq!(terminal.contents(), "");

    assert!(Progress::new(true).0.is_none());
    let hidden = Progress::default();
    let (_file, mut reader) = self::file(&hidden);
    hidden.pass("reading", &[]);
    read(&mut reader, 4096);
    hidden.clear();
}
