//! The seeded source of identifiers, tokens and chances.

use std::fmt;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Characters of a token: those that need no escaping in a URL, 64 of them.
const TOKEN_CHARACTERS: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The length of a token in characters; the service allows 1 to 1000.
const TOKEN_LENGTH: usize = 160;

/// The generator. Good enough to be unpredictable to a test, not to an attacker.
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A UUID of version 4.
    pub(crate) fn uuid(&mut self) -> String {
        let high = (self.number() & !0xF000) | 0x4000;
        let low = (self.number() & !(0b11 << 62)) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xFFFF,
            high & 0xFFFF,
            low >> 48,
            low & 0xFFFF_FFFF_FFFF,
        )
    }

    /// An opaque token.
    pub(crate) fn token(&mut self) -> String {
        self.text(TOKEN_LENGTH)
    }

    /// So many letters, digits, `-` and `_`.
    pub(crate) fn text(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
            .iter()
            .map(|byte| char::from(TOKEN_CHARACTERS[usize::from(byte % 64)]))
            .collect()
    }

    /// True with the given chance; a chance that is not a number is none.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        if probability >= 1.0 {
            return true;
        }
        // 53 bits are what an f64 holds exactly.
        let drawn = (self.number() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < probability
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
