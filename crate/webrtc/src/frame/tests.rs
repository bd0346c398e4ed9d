use super::*;

fn decode_all(decoder: &mut Decoder) -> Vec<Frame> {
    std::iter::from_fn(|| decoder.next().unwrap()).collect()
}

#[test]
fn data_and_flags_survive_any_cut() {
    let payload: Vec<u8> = (0..PAYLOAD_BYTES_MAX)
        .map(|byte| byte.to_le_bytes()[0])
        .collect();
    let mut bytes = Vec::new();
    for length in [0, 1, 127, 128, 300, PAYLOAD_BYTES_MAX] {
        bytes.extend_from_slice(&data(&payload[..length]));
    }
    for each in [Flag::Fin, Flag::StopSending, Flag::Reset, Flag::FinAck] {
        bytes.extend_from_slice(&flag(each));
    }
    for cut in [1, 2, 3, 7, 1_000, bytes.len()] {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for part in bytes.chunks(cut) {
            decoder.push(part);
            frames.extend(decode_all(&mut decoder));
        }
        let lengths: Vec<usize> = frames.iter().map(|frame| frame.payload.len()).collect();
        assert_eq!(
            lengths,
            [0, 1, 127, 128, 300, PAYLOAD_BYTES_MAX, 0, 0, 0, 0]
        );
        assert_eq!(frames[5].payload, payload);
        let flags: Vec<Flag> = frames.iter().filter_map(|frame| frame.flag).collect();
        assert_eq!(
            flags,
            [Flag::Fin, Flag::StopSending, Flag::Reset, Flag::FinAck]
        );
    }
}

#[test]
fn the_longest_frame_of_ours_fits_the_stock_reader() {
    assert!(data(&[0; PAYLOAD_BYTES_MAX]).len() <= 8_192);
}

#[test]
fn the_stock_encoding_is_understood() {
    // flag: FIN, message: "ab", and a field that does not exist yet.
    let mut decoder = Decoder::default();
    decoder.push(&[9, 0x08, 0, 0x12, 2, b'a', b'b', 0x1a, 1, 7]);
    let frame = decoder.next().unwrap().unwrap();
    assert_eq!(frame.flag, Some(Flag::Fin));
    assert_eq!(&frame.payload[..], b"ab");
    // A flag that does not exist yet.
    decoder.push(&[2, 0x08, 9]);
    assert_eq!(decoder.next().unwrap().unwrap().flag, None);
}

#[test]
fn too_long_and_malformed_frames_are_refused_at_once() {
    let refused = |bytes: &[u8]| {
        let mut decoder = Decoder::default();
        decoder.push(bytes);
        decoder.next().unwrap_err()
    };
    let mut long = BytesMut::new();
    put_varint(&mut long, FRAME_BYTES_MAX);
    assert_eq!(
        refused(&long),
        FrameError::TooLong {
            got: FRAME_BYTES_MAX as u64
        }
    );
    let malformed: [&[u8]; 7] = [
        &[0xff; 12],
        &[1, 0x08],
        &[2, 0x12, 5],
        &[1, 0x0b],
        &[3, 0x19, 1, 2],
        &[2, 0x1d, 1],
        &[2, 0x0f, 1],
    ];
    for bytes in malformed {
        assert_eq!(refused(bytes), FrameError::Malformed, "{bytes:?}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut state = 1_u32;
    for _ in 0..20_000 {
        let mut decoder = Decoder::default();
        let bytes: Vec<u8> = (0..state % 24)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_le_bytes()[3]
            })
            .collect();
        state = state.wrapping_add(1);
        decoder.push(&bytes);
        while let Ok(Some(_)) = decoder.next() {}
    }
}
