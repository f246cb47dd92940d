use chat_proto::TransportErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::files::Sink;
use crate::testing::{Tokio, requester};

type AttachmentSource = crate::files::AttachmentSource<Tokio>;

/// A place for one exchange: it reads a request up to these last bytes, and answers with those.
async fn storage(last: &'static str, answer: String) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        while !request.ends_with(last.as_bytes()) {
            let length = stream.read(&mut chunk).await.unwrap();
            if length == 0 {
                break;
            }
            request.extend_from_slice(&chunk[..length]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        request
    });
    (port, served)
}

fn request(method: &str, port: u16) -> Request<()> {
    let request = Request::builder().method(method);
    let request = request.uri(format!("http://127.0.0.1:{port}/file?sig=S"));
    request.header("x-amz-meta-a", "b").body(()).unwrap()
}

async fn uploaded(
    source: AttachmentSource,
    answer: &str,
) -> (Result<Transferred, TransportError>, String) {
    let (port, served) = storage("end", answer.to_owned()).await;
    let size = source.size();
    let mut source = source.into_source();
    let put = request("PUT", port);
    let result = requester().upload(put, size, source.take()).await;
    let request = served.await.unwrap();
    (result, String::from_utf8_lossy(&request).into_owned())
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn an_upload_carries_its_length_and_no_header_of_ours() {
    let whole = "x".repeat(3 * CHUNK + 1) + "end";
    let size = u64::try_from(whole.len()).unwrap();
    for source in [
        AttachmentSource::bytes(whole.clone()),
        AttachmentSource::reader(size, futures_util::io::Cursor::new(whole.clone())),
    ] {
        let (result, request) = uploaded(source, OK).await;
        let transferred = Transferred {
            status: 200,
            bytes: size,
        };
        assert_eq!(result, Ok(transferred));
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(body == whole, "the body is the file");
        let mut lines: Vec<_> = head.lines().collect();
        lines[1..].sort_unstable();
        assert_eq!(lines[0], "PUT /file?sig=S HTTP/1.1");
        let names: Vec<_> = lines[1..]
            .iter()
            .map(|line| line.split(':').next().unwrap().to_lowercase())
            .collect();
        assert_eq!(names, ["content-length", "host", "x-amz-meta-a"], "{head}");
        assert!(head.contains(&format!("content-length: {size}")), "{head}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_storage_is_its_status() {
    let source = AttachmentSource::bytes("the end");
    let refused = "HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\n<Error";
    let (result, _) = uploaded(source, refused).await;
    assert_eq!(result.unwrap().status, 403);
}

#[tokio::test]
async fn a_file_that_is_shorter_than_its_size_is_not_the_networks_fault() {
    let source = AttachmentSource::reader(100, &b"short"[..]);
    let (result, _) = uploaded(source, "").await;
    let error = result.unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::File, "{error}");
    assert!(error.detail.contains("95 bytes"), "{error}");
}

async fn downloaded(size: u64, answer: &str) -> (Result<Transferred, TransportError>, Vec<u8>) {
    let (port, served) = storage("\r\n\r\n", answer.to_owned()).await;
    let sink = SharedSink::new(Sink::memory());
    let get = request("GET", port);
    let result = requester().download(get, size, sink.clone()).await;
    served.await.unwrap();
    (result, sink.take_bytes())
}

#[tokio::test]
async fn a_download_gives_the_file_and_nothing_else() {
    let answer = |status, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    for (size, answer, status, bytes, file) in [
        (4, answer("200 OK", "boat"), 200, 4, "boat"),
        (4, answer("403 Forbidden", "<Er>"), 403, 0, ""),
        (5, answer("200 OK", "boat"), 200, 4, ""),
        (3, answer("200 OK", "boat"), 200, 4, ""),
    ] {
        let (result, held) = downloaded(size, &answer).await;
        assert_eq!(result, Ok(Transferred { status, bytes }), "{answer}");
        assert_eq!(held, file.as_bytes(), "{answer}");
    }
    let (result, held) = downloaded(9, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nboat").await;
    assert_eq!(result.unwrap_err().kind, TransportErrorKind::Broken);
    assert!(held.is_empty());
}

#[tokio::test]
async fn files_go_unencrypted_to_this_machine_only() {
    let elsewhere = || Request::get("http://example.com/file").body(()).unwrap();
    let content = AttachmentSource::bytes("x").into_source().take();
    let upload = requester().upload(elsewhere(), 1, content).await;
    let sink = SharedSink::new(Sink::memory());
    let download = requester().download(elsewhere(), 1, sink).await;
    for result in [upload, download] {
        assert_eq!(result.unwrap_err().kind, TransportErrorKind::NotAllowed);
    }
}

#[tokio::test]
async fn progress_is_told_up_to_the_whole_file() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = {
        let told = Arc::clone(&told);
        move |progress: crate::Progress| told.lock().unwrap().push((progress.bytes, progress.total))
    };
    let whole = "x".repeat(CHUNK) + "end";
    let total = u64::try_from(whole.len()).unwrap();
    let source = AttachmentSource::bytes(whole).on_progress(tell.clone());
    let (result, _) = uploaded(source, OK).await;
    assert_eq!(result.unwrap().status, 200);
    assert_eq!(*told.lock().unwrap(), [(total - 3, total), (total, total)]);

    told.lock().unwrap().clear();
    let sink = crate::AttachmentSink::<Tokio>::writer(Vec::new()).on_progress(tell);
    let sink = SharedSink::new(sink.into_sink());
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nboat";
    let (port, served) = storage("\r\n\r\n", answer.to_owned()).await;
    let result = requester().download(request("GET", port), 4, sink).await;
    assert!(result.is_ok());
    served.await.unwrap();
    assert_eq!(told.lock().unwrap().last(), Some(&(4, 4)));
}

/// More than all buffers on the way together hold.
const LARGE: u64 = 256 * 1024 * 1024;
/// More than those, and far less than the file.
const BUFFERED: u64 = 64 * 1024 * 1024;

/// Polls a transfer until it has begun, and has not come further for some turns.
async fn until_it_stands(
    transfer: impl Future<Output = Result<Transferred, TransportError>>,
    moved: &AtomicU64,
) -> u64 {
    let mut transfer = std::pin::pin!(transfer);
    let (mut before, mut turns) = (0, 0);
    while turns < 2_000 {
        let polled = std::future::poll_fn(|cx| Poll::Ready(transfer.as_mut().poll(cx)));
        assert!(polled.await.is_pending());
        tokio::task::yield_now().await;
        let now = moved.load(Ordering::Acquire);
        turns = if now > 0 && now == before {
            turns + 1
        } else {
            0
        };
        before = now;
    }
    before
}

#[tokio::test]
async fn a_file_is_read_no_faster_than_it_goes_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let put = request("PUT", listener.local_addr().unwrap().port());
    let read = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&read);
    let source = AttachmentSource::reader(LARGE, futures_util::io::repeat(7))
        .on_progress(move |progress| counted.store(progress.bytes, Ordering::Release));
    let upload = requester().upload(put, LARGE, source.into_source().take());
    // The server accepts and never reads.
    let stood_at = until_it_stands(upload, &read).await;
    assert!(stood_at < BUFFERED, "{stood_at} bytes");
}

#[tokio::test]
async fn a_file_comes_in_no_faster_than_it_is_written() {
    /// Takes nothing.
    struct Stuck;
    impl futures_util::AsyncWrite for Stuck {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<std::io::Result<usize>> {
            Poll::Pending
        }
        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Pending
        }
        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Pending
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let get = request("GET", listener.local_addr().unwrap().port());
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let chunk = vec![7; CHUNK];
        while let Ok(length) = stream.write(&chunk).await {
            counted.fetch_add(u64::try_from(length).unwrap(), Ordering::AcqRel);
        }
    });
    let sink = crate::AttachmentSink::<Tokio>::writer(Stuck).into_sink();
    let download = requester().download(get, LARGE, SharedSink::new(sink));
    let stood_at = until_it_stands(download, &sent).await;
    assert!(stood_at < BUFFERED, "{stood_at} bytes");
}
