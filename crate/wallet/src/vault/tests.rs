use super::*;
use alloc::vec;
use proptest::prelude::*;

/// As cheap as Argon2 goes, so that hundreds of vaults can be opened.
const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

fn key() -> SecretKey {
    SecretKey::from_bytes(&[0x42; 32]).unwrap()
}

fn entropy() -> [u8; Vault::ENTROPY_BYTES] {
    core::array::from_fn(|index| u8::try_from(index).unwrap())
}

#[test]
fn opens_with_its_passphrase_only() {
    let vault = Vault::seal(&key(), "correct horse", &entropy()).unwrap();
    assert_eq!(
        vault.cost,
        Cost {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1
        }
    );
    assert_eq!(vault.address(), key().address());

    let stored = vault.encode();
    assert_eq!(stored.len(), Vault::ENCODED_BYTES);
    let vault = Vault::decode(&stored).unwrap();
    let opened = vault.open("correct horse").unwrap();
    assert_eq!(opened.to_bytes(), key().to_bytes());
    assert_eq!(
        vault.open("correct horsf").unwrap_err(),
        Error::WrongPassphrase
    );
    assert_eq!(
        vault.open("Correct horse").unwrap_err(),
        Error::WrongPassphrase
    );
}

/// Written by the first version: a format that changes without a new version number fails here.
#[test]
fn stored_vaults_stay_readable() {
    let stored = alloy_primitives::hex::decode(concat!(
        "4c564c54",
        "01",
        "080000000100000001000000",
        "000102030405060708090a0b0c0d0e0f",
        "101112131415161718191a1b1c1d1e1f2021222324252627",
    ))
    .unwrap();
    let vault = Vault::seal_at(CHEAP, &key(), "correct horse", &entropy()).unwrap();
    assert_eq!(vault.encode()[..stored.len()], stored);
    let ciphertext = alloy_primitives::hex::encode(vault.ciphertext);
    assert_eq!(ciphertext, STORED_CIPHERTEXT);
}

/// Computed in JavaScript with `@noble/hashes` 1 (and again with `hash-wasm`) and `@noble/ciphers` 1.
const STORED_CIPHERTEXT: &str = "c2454ee8d9d0a8d3572e392365a608484159d4aff7a617ebea6542c7da978589\
    d2e0f0cc2dbffd982d65c1a74266d1d9";

#[test]
fn every_changed_byte_is_noticed() {
    let stored = Vault::seal_at(CHEAP, &key(), "pass", &entropy())
        .unwrap()
        .encode();
    for index in 0..stored.len() {
        for flip in [1, 0x80] {
            let mut changed = stored.clone();
            changed[index] ^= flip;
            let opened = Vault::decode(&changed).and_then(|vault| vault.open("pass"));
            assert!(opened.is_err(), "byte {index}");
        }
    }
    for length in (0..stored.len()).chain([stored.len() + 1]) {
        let mut changed = stored.clone();
        changed.resize(length, 0);
        let error = Vault::decode(&changed).unwrap_err();
        assert_eq!(
            error,
            Error::VaultEncoding {
                reason: "it has the wrong length"
            }
        );
    }
}

/// A valid vault of one account that claims another's address, made with the passphrase.
#[test]
fn the_address_in_clear_is_checked_against_the_key() {
    let mut vault = Vault::seal_at(CHEAP, &key(), "pass", &entropy()).unwrap();
    vault.address = Address::repeat_byte(1);
    let header = vault.header();
    let secret = key().to_bytes();
    let ciphertext = cipher(CHEAP, &vault.salt, "pass")
        .unwrap()
        .encrypt(
            XNonce::from_slice(&vault.nonce),
            Payload {
                msg: &secret[..],
                aad: &header,
            },
        )
        .unwrap();
    vault.ciphertext = ciphertext.try_into().unwrap();
    let error = vault.open("pass").unwrap_err();
    assert_eq!(
        error,
        Error::VaultAddress {
            expected: vault.address,
            got: key().address()
        }
    );
}

#[test]
fn costs_out_of_bounds_are_refused_before_any_work() {
    let stored = Vault::seal_at(CHEAP, &key(), "pass", &entropy())
        .unwrap()
        .encode();
    let with = |offset: usize, number: u32| {
        let mut changed = stored.clone();
        changed[offset..offset + 4].copy_from_slice(&number.to_le_bytes());
        Vault::decode(&changed).unwrap_err()
    };
    let expensive = Error::VaultEncoding {
        reason: "opening it would cost too much",
    };
    for (offset, bound) in [
        (5, MAX_COST.memory_kib),
        (9, MAX_COST.passes),
        (13, MAX_COST.lanes),
    ] {
        assert_eq!(with(offset, bound + 1), expensive);
        assert_eq!(with(offset, u32::MAX), expensive);
    }
    let wrong = Error::VaultEncoding {
        reason: "its Argon2 parameters are wrong",
    };
    assert_eq!(with(5, 7), wrong);
    assert_eq!(with(9, 0), wrong);
    assert_eq!(with(13, 0), wrong);
}

#[test]
fn another_format_or_version_is_refused() {
    let stored = Vault::seal_at(CHEAP, &key(), "pass", &entropy())
        .unwrap()
        .encode();
    for (index, reason) in [(0, "it is no vault"), (4, "it is of an unknown version")] {
        let mut changed = stored.clone();
        changed[index] = 2;
        assert_eq!(
            Vault::decode(&changed),
            Err(Error::VaultEncoding { reason })
        );
    }
}

#[test]
fn passphrases_have_a_length() {
    for length in [0, MAX_PASSPHRASE_BYTES + 1] {
        let passphrase = "p".repeat(length);
        let error = Vault::seal(&key(), &passphrase, &entropy()).unwrap_err();
        assert_eq!(
            error,
            Error::PassphraseLength {
                expected: MAX_PASSPHRASE_BYTES,
                got: length
            }
        );
    }
    let longest = "p".repeat(MAX_PASSPHRASE_BYTES);
    assert!(Vault::seal_at(CHEAP, &key(), &longest, &entropy()).is_ok());
}

proptest! {
    #[test]
    fn vaults_survive_storage(
        secret: [u8; 32], entropy: [u8; Vault::ENTROPY_BYTES], passphrase in ".{1,40}",
    ) {
        prop_assume!(SecretKey::from_bytes(&secret).is_ok());
        let key = SecretKey::from_bytes(&secret).unwrap();
        let vault = Vault::seal_at(CHEAP, &key, &passphrase, &entropy).unwrap();
        let stored = vault.encode();
        prop_assert!(!stored.windows(32).any(|window| window == secret));
        let opened = Vault::decode(&stored).unwrap().open(&passphrase).unwrap();
        prop_assert_eq!(opened.to_bytes(), key.to_bytes());
    }

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), Vault::ENCODED_BYTES)) {
        let _ = Vault::decode(&bytes);
        let mut vault = vec![];
        vault.extend(b"LVLT\x01");
        vault.extend(&bytes[5..]);
        let _ = Vault::decode(&vault);
    }
}
