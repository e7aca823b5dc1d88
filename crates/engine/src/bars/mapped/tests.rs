use std::path::PathBuf;

use super::super::tests::bars_of;
use super::super::{LoadOptions, load, write};
use super::*;

/// A folder, and bars with their report as loaded from a file in it.
fn loaded() -> (tempfile::TempDir, Loaded) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("bars.csv");
    write(&source, &bars_of((0..300).map(|t| t * 60_000_000_000).collect(), "UTC", 1)).unwrap();
    let loaded = load(&source, &LoadOptions::default()).unwrap();
    (folder, loaded)
}

fn replace(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn read(path: &Path) -> Result<Loaded, CopyError> {
    read_copy(path, "key", &TimeZone::UTC)
}

#[test]
fn a_copy_reads_back_bit_for_bit_with_its_report() {
    let (folder, loaded) = loaded();
    let path = folder.path().join("copy.arrow");
    assert!(matches!(read(&path), Err(CopyError::Absent)));
    write_copy(&path, "key", &loaded).unwrap();
    let back = read(&path).unwrap();
    assert_eq!(back.report, loaded.report);
    assert_eq!(back.bars.content_hash(), loaded.bars.content_hash());
    assert_eq!(back.bars.timeframe_ns(), loaded.bars.timeframe_ns());
    assert_eq!(back.bars.calendar(), loaded.bars.calendar());
    assert!(matches!(read_copy(&path, "another key", &TimeZone::UTC), Err(CopyError::Stale)));
}

#[test]
fn other_readers_of_arrow_files_understand_a_copy() {
    let (folder, loaded) = loaded();
    let path = folder.path().join("copy.arrow");
    write_copy(&path, "key", &loaded).unwrap();
    let again = load(&path, &LoadOptions::default()).unwrap();
    assert_eq!(again.bars.content_hash(), loaded.bars.content_hash());
}

#[test]
fn bars_outlive_the_file_they_are_mapped_from() {
    let (folder, loaded) = loaded();
    let path = folder.path().join("copy.arrow");
    write_copy(&path, "key", &loaded).unwrap();
    let back = read(&path).unwrap();
    let part = back.bars.slice(100..200);
    write_copy(&path, "another key", &loaded).unwrap();
    std::fs::remove_file(&path).unwrap();
    drop(back);
    assert_eq!(part.content_hash(), loaded.bars.slice(100..200).content_hash());
}

/// Every file cut short and every file with one byte turned over is refused, or gives the very bars:
/// padding and the schema at the head are read by nobody.
#[test]
fn a_damaged_copy_is_never_believed() {
    let (folder, loaded) = loaded();
    let path: PathBuf = folder.path().join("copy.arrow");
    write_copy(&path, "key", &loaded).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(97).chain(whole.len() - 12..whole.len()) {
        replace(&path, &whole[..length]);
        assert!(matches!(read(&path), Err(CopyError::Damaged(_))), "cut to {length}");
    }
    let tail = whole.len() - 2500;
    let mut refused = 0;
    for place in (0..tail).step_by(61).chain(tail..whole.len()) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0xff;
        replace(&path, &bytes);
        match read(&path) {
            Ok(back) => {
                assert_eq!(back.bars.content_hash(), loaded.bars.content_hash(), "byte {place}");
                assert_eq!((back.report, back.bars.timeframe_ns()), (loaded.report.clone(), 60_000_000_000));
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 1000, "only {refused} refused");
    for garbage in [&b""[..], b"ARROW1", b"ARROW1ARROW1", &[0; 4096], &[0xff; 4096], b"time,open\n1,2\n"] {
        replace(&path, garbage);
        assert!(matches!(read(&path), Err(CopyError::Damaged(_))));
    }
}

#[test]
fn a_copy_that_cannot_be_written_says_where_and_leaves_nothing() {
    let (folder, loaded) = loaded();
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    let message = write_copy(&folder.path().join("absent/copy.arrow"), "key", &loaded).unwrap_err().to_string();
    assert!(message.contains("absent/copy.arrow: cannot be written"), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
}

#[test]
fn another_reader_finds_the_columns_of_a_slice_in_the_file() {
    use std::io::{Read, Seek, SeekFrom};

    let (folder, loaded) = loaded();
    assert!(loaded.bars.mapped().is_none());
    let path = folder.path().join("copy.arrow");
    write_copy(&path, "key", &loaded).unwrap();
    let part = read(&path).unwrap().bars.slice(100..200);
    let place = part.mapped().expect("it is mapped");
    assert_eq!(place.path, path);
    let expected = [part.open(), part.high(), part.low(), part.close(), part.volume()];
    let mut bytes = vec![0; 8 * part.len()];
    let mut column = |offset: u64| {
        let mut file = place.file;
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.read_exact(&mut bytes).unwrap();
        bytes.chunks_exact(8).map(|value| u64::from_ne_bytes(value.try_into().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(column(place.offsets[0]), part.time().iter().map(|time| time.cast_unsigned()).collect::<Vec<_>>());
    for (offset, values) in place.offsets[1..].iter().zip(expected) {
        assert_eq!(column(*offset), values.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
    }
}
