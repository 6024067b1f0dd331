//! Unpacking a body without believing it.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::Failure;

/// How many times its packed size a body may have.
const RATIO: u64 = 200;

/// Unpacks gzip, up to a size and up to 200 times what came in.
pub(super) fn unpack(packed: &[u8], largest: u64) -> Result<Vec<u8>, Failure> {
    let by_ratio = RATIO.saturating_mul(packed.len() as u64);
    let limit = largest.min(by_ratio);
    let mut body = Vec::new();
    MultiGzDecoder::new(packed).take(limit + 1).read_to_end(&mut body).map_err(|error| broken(&error))?;
    match body.len() as u64 > limit {
        false => Ok(body),
        true if by_ratio < largest => Err(Failure::Bomb),
        true => Err(Failure::TooLarge),
    }
}

fn broken(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Failure::Broken,
        _ => Failure::Protocol("the packed body cannot be unpacked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn pack(body: &[u8]) -> Vec<u8> {
        let mut writer = GzEncoder::new(Vec::new(), Compression::best());
        writer.write_all(body).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_was_packed_comes_back_also_in_several_pieces() {
        let two = [pack(b"BEGIN:"), pack(b"VCALENDAR")].concat();
        assert_eq!(unpack(&two, 1000).unwrap(), b"BEGIN:VCALENDAR");
    }

    #[test]
    fn a_bomb_and_a_giant_are_told_apart() {
        let bomb = pack(&vec![b' '; 1_000_000]);
        assert!(bomb.len() < 2_000);
        assert_eq!(unpack(&bomb, 64 << 20), Err(Failure::Bomb));
        assert_eq!(unpack(&bomb, 1_000), Err(Failure::TooLarge));
    }

    #[test]
    fn a_cut_body_is_broken_and_noise_is_none() {
        let packed = pack(b"BEGIN:VCALENDAR and so on and so on");
        for end in [0, 5, packed.len() / 2, packed.len() - 1] {
            assert_eq!(unpack(&packed[..end], 1000), Err(Failure::Broken), "{end}");
        }
        assert!(matches!(unpack(b"BEGIN:VCALENDAR", 1000), Err(Failure::Protocol(_))));
    }
}
