//! Reading the body of a request.

use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many bytes of a body are read without asking.
const SMALL: usize = 64 * 1024;
/// How many bodies that are larger are read at a time; others wait, as long as a body may take.
pub(super) const LARGE_BODIES: usize = 16;
/// How much of a body that is too large is read and thrown away, so that the client comes to read
/// the answer.
const THROWN_AWAY: u64 = 64 * 1024 * 1024;

/// A body, and what keeps its place among the large ones.
pub(super) struct RequestBody<'a> {
    pub(super) bytes: Vec<u8>,
    pub(super) place: Option<SemaphorePermit<'a>>,
}

/// Reads a body. Of one that is larger than the limit, only the beginning is kept: more than the
/// limit, so that the core refuses it. Nothing when the client goes away meanwhile.
pub(super) async fn read<'a>(
    headers: &HeaderMap,
    mut body: Incoming,
    limit: usize,
    places: &'a Semaphore,
) -> Option<RequestBody<'a>> {
    let mut read = RequestBody {
        bytes: Vec::new(),
        place: None,
    };
    let too_large = |bytes: u64| bytes > limit as u64;
    // A client that waits for permission to send is refused before it does.
    if headers.contains_key(header::EXPECT) && body.size_hint().exact().is_some_and(too_large) {
        read.bytes.resize(limit + 1, 0);
        return Some(read);
    }
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.ok()?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        total += data.len() as u64;
        if total > THROWN_AWAY.max(limit as u64) {
            break;
        }
        let room = (limit + 1).saturating_sub(read.bytes.len());
        let kept = &data[..data.len().min(room)];
        if read.bytes.len() + kept.len() > SMALL && read.place.is_none() {
            read.place = Some(places.acquire().await.ok()?);
        }
        read.bytes.extend_from_slice(kept);
    }
    Some(read)
}
