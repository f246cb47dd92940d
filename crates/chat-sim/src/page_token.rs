//! The `NextToken` of GetTranscript: opaque, stable, good for one contact only.
//!
//! A token holds the place from which the next page goes on, so the service has to remember
//! nothing. It is sealed against accidents and guesses, not against an attacker.

use crate::api::Direction;

/// Makes a token for the page that goes on in this direction from this place.
pub(crate) fn seal(secret: u64, contact: u64, direction: Direction, gap: usize) -> String {
    let plain = (gap as u64) << 1 | u64::from(direction == Direction::Backward);
    let hidden = plain ^ mix(secret ^ contact);
    format!("{hidden:016x}{:016x}", check(secret, contact, plain))
}

/// Reads a token back; nothing when it is not one of this contact.
pub(crate) fn open(secret: u64, contact: u64, token: &str) -> Option<(Direction, usize)> {
    // `from_str_radix` takes a sign, which no token has.
    if token.len() != 32 || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let hidden = u64::from_str_radix(token.get(..16)?, 16).ok()?;
    let seal = u64::from_str_radix(token.get(16..)?, 16).ok()?;
    let plain = hidden ^ mix(secret ^ contact);
    if check(secret, contact, plain) != seal {
        return None;
    }
    let direction = if plain & 1 == 1 {
        Direction::Backward
    } else {
        Direction::Forward
    };
    Some((direction, usize::try_from(plain >> 1).ok()?))
}

fn check(secret: u64, contact: u64, plain: u64) -> u64 {
    mix(mix(secret ^ plain) ^ contact.rotate_left(32))
}

/// The finishing step of SplitMix64: every bit of the input changes half the bits of the output.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_in_its_own_contact_and_unchanged() {
        let token = seal(1, 2, Direction::Backward, 350);
        assert_eq!(open(1, 2, &token), Some((Direction::Backward, 350)));
        assert_eq!(open(1, 3, &token), None);
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).expect("hexadecimal digits");
            assert_eq!(open(1, 2, &changed), None, "changed at {place}");
        }
    }

    #[test]
    fn what_is_no_token_opens_nothing() {
        for token in [
            "",
            "x",
            "+0000000000000000000000000000000",
            "é".repeat(16).as_str(),
        ] {
            assert_eq!(open(1, 2, token), None);
        }
    }
}
