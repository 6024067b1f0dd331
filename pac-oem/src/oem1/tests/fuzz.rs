//! Any bytes: no panic, and whatever is read can be written and read again.
//!
//! Runs for a moment in every test run. `BOLERO_RANDOM_TEST_TIME_MS=60000` makes each target run for a minute.

use super::examples;
use crate::oem1::{
    frame,
    wire::{Incoming, decode, decode_request},
};
use bolero::check;

fn read(payload: &[u8]) {
    if let Ok(request) = decode_request(payload) {
        let text = request.encode();
        assert_eq!(decode_request(text.as_bytes()).expect("what we write can be read").encode(), text);
    }
    let write = |incoming: Incoming| match incoming {
        Incoming::Response(response) => response.encode(),
        Incoming::Notice(notice) => notice.encode(),
    };
    if let Ok(incoming) = decode(payload) {
        let text = write(incoming);
        assert_eq!(write(decode(text.as_bytes()).expect("what we write can be read")), text);
    }
}

#[test]
fn any_header_is_read_or_refused() {
    check!().for_each(|bytes: &[u8]| {
        if let Ok(length) = frame::length(bytes) {
            assert!((1..=8_388_608).contains(&length));
        }
    });
}

#[test]
fn any_stream_of_bytes_is_cut_or_refused() {
    check!().for_each(|bytes: &[u8]| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let mut reader = frame::FrameReader::new(bytes);
            while let Ok(Some(payload)) = reader.next().await {
                read(&payload);
            }
        });
    });
}

#[test]
fn any_text_is_read_or_refused() {
    check!().for_each(|bytes: &[u8]| read(bytes));
}

#[test]
fn examples_with_other_bytes_in_them_are_read_or_refused() {
    let examples: Vec<Vec<u8>> = examples::all().into_iter().map(|(_, payload)| payload).collect();
    check!().with_type::<(u8, Vec<(u16, u8)>)>().for_each(|(which, changes)| {
        let mut payload = examples[usize::from(*which) % examples.len()].clone();
        for (at, byte) in changes.iter().take(8) {
            let at = usize::from(*at) % payload.len();
            payload[at] = *byte;
        }
        read(&payload);
    });
}
