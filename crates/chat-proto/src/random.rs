//! The session's only source of randomness, seeded by the driver.

use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::ids::ClientToken;
use crate::time::Seed;

/// A seeded generator of jitter and client tokens. Not for cryptography: a client token is an
/// idempotency key, not a secret.
#[derive(Clone, Debug)]
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(crate) fn new(seed: Seed) -> Self {
        Self(Xoshiro256PlusPlus::from_seed(seed.bytes()))
    }

    /// A seed for a generator of its own.
    pub(crate) fn seed(&mut self) -> Seed {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        Seed::new(bytes)
    }

    /// A number from 0.0 up to, not including, 1.0.
    fn fraction(&mut self) -> f64 {
        /// 2^53: as many steps as an f64 holds exactly.
        const STEPS: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
        let step = (self.0.next_u64() >> 11) as f64;
        step / STEPS
    }

    /// A time from zero up to `longest`.
    pub(crate) fn spread(&mut self, longest: Duration) -> Duration {
        longest.mul_f64(self.fraction())
    }

    /// `middle`, lengthened or shortened by at most 30 % (the range ChatJS uses for its backoff).
    pub(crate) fn jitter(&mut self, middle: Duration) -> Duration {
        middle.mul_f64(0.7 + 0.6 * self.fraction())
    }

    /// A new idempotency key in the form of a version 4 UUID, the form AWS's SDKs use.
    pub(crate) fn client_token(&mut self) -> ClientToken {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = u128::from_be_bytes(bytes);
        let digits = format!("{hex:032x}");
        ClientToken::from(format!(
            "{}-{}-{}-{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[12..16],
            &digits[16..20],
            &digits[20..]
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_tokens_and_they_look_like_uuids() {
        let mut one = Random::new(Seed::from_number(7));
        let mut two = Random::new(Seed::from_number(7));
        let token = one.client_token();
        assert_eq!(token, two.client_token());
        assert_ne!(token, one.client_token());
        let text = token.as_str();
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4');
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }

    #[test]
    fn jitter_stays_within_thirty_percent() {
        let mut random = Random::new(Seed::from_number(1));
        for _ in 0..1_000 {
            let delay = random.jitter(Duration::from_secs(10));
            assert!(delay >= Duration::from_secs(7) && delay <= Duration::from_secs(13));
        }
    }
}
