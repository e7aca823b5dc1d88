//! Looks at what a compressed Arrow file claims to unpack to, before the decoder believes it.
//!
//! Each compressed buffer begins with its unpacked length. The decoder allocates that much at once, and
//! an allocation that cannot be had ends the process, which no error handling catches. So a damaged
//! length is looked for first. What else may be wrong with a file is left to the decoder.
//!
//! Reference: Apache Arrow columnar format, "Serialization and Interprocess Communication (IPC)".

use arrow_ipc::reader::read_footer_length;
use arrow_ipc::{Block, RecordBatch, root_as_footer, root_as_message};

use super::FileFormat;

/// No buffer of bars unpacks to more: it would hold 512 million prices in one batch.
const LARGEST: i64 = 4 << 30;

/// Marks the beginning of a message.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Whether no buffer claims an absurd length. What cannot be followed counts as fine here.
pub(super) fn is_plausible(bytes: &[u8], format: FileFormat) -> bool {
    match format {
        FileFormat::ArrowFile => is_plausible_file(bytes).unwrap_or(true),
        _ => is_plausible_stream(bytes),
    }
}

fn is_plausible_file(bytes: &[u8]) -> Option<bool> {
    let trailer = bytes.len().checked_sub(10)?;
    let length = read_footer_length(bytes[trailer..].try_into().ok()?).ok()?;
    let footer = root_as_footer(bytes.get(trailer.checked_sub(length)?..trailer)?).ok()?;
    let dictionaries = footer.dictionaries().into_iter().flatten();
    let mut blocks = dictionaries.chain(footer.recordBatches().into_iter().flatten());
    Some(blocks.all(|block| is_plausible_block(bytes, block).unwrap_or(true)))
}

fn is_plausible_block(bytes: &[u8], block: &Block) -> Option<bool> {
    let message = bytes.get(usize::try_from(block.offset()).ok()?..)?;
    let body = message.get(usize::try_from(block.metaDataLength()).ok()?..)?;
    let metadata = message.strip_prefix(&CONTINUATION).unwrap_or(message);
    let (metadata, _) = sized(metadata)?;
    is_plausible_message(metadata, body).map(|(is_plausible, _)| is_plausible)
}

fn is_plausible_stream(mut bytes: &[u8]) -> bool {
    while let Some((metadata, body)) = bytes.strip_prefix(&CONTINUATION).and_then(sized) {
        match is_plausible_message(metadata, body) {
            Some((true, rest)) => bytes = rest,
            Some((false, _)) => return false,
            None => break,
        }
    }
    true
}

/// Splits off as many bytes as a length in front of them says.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(i32::from_le_bytes(*length)).ok()?)
}

/// Whether a message's buffers are plausible, and what follows its body.
fn is_plausible_message<'a>(metadata: &[u8], body: &'a [u8]) -> Option<(bool, &'a [u8])> {
    let message = root_as_message(metadata).ok()?;
    let (body, rest) = body.split_at_checked(usize::try_from(message.bodyLength()).ok()?)?;
    let batch = message
        .header_as_record_batch()
        .or_else(|| message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()));
    Some((batch.is_none_or(|batch| is_plausible_batch(&batch, body)), rest))
}

fn is_plausible_batch(batch: &RecordBatch<'_>, body: &[u8]) -> bool {
    if batch.compression().is_none() {
        return true;
    }
    batch.buffers().into_iter().flatten().all(|buffer| {
        let start = usize::try_from(buffer.offset()).ok();
        let prefix = start.and_then(|start| body.get(start..)).and_then(|bytes| bytes.first_chunk::<8>());
        prefix.is_none_or(|prefix| i64::from_le_bytes(*prefix) <= LARGEST)
    })
}
