//! HTTP/1.1 by hand, as far as a chat needs it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use chat_proto::TransportError;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use super::dial::{dial, failed};

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: u64 = 8 * 1024 * 1024;

/// One request on a connection of its own.
pub(super) fn perform(
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Vec<u8>>, TransportError> {
    let mut stream = dial(request.uri(), "http")?;
    write_request(&mut stream, &request)
        .and_then(|()| read_answer(&mut BufReader::new(stream).take(ANSWER_LIMIT)))
        .map_err(|error| failed(&error))
}

fn write_request(stream: &mut TcpStream, request: &http::Request<Vec<u8>>) -> io::Result<()> {
    let (uri, body) = (request.uri(), request.body());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let mut bytes = Vec::new();
    write!(
        bytes,
        "{} {path} HTTP/1.1\r\nhost: {host}\r\n",
        request.method()
    )?;
    write!(
        bytes,
        "connection: close\r\ncontent-length: {}\r\n",
        body.len()
    )?;
    for (name, value) in request.headers() {
        write!(bytes, "{name}: ")?;
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    stream.write_all(&bytes)
}

/// Reads an answer in one of the three forms that HTTP/1.1 has: by length, in chunks, or up to the
/// end of the connection.
pub(crate) fn read_answer(from: &mut impl BufRead) -> io::Result<http::Response<Vec<u8>>> {
    let mut answer = read_head(from)?;
    while answer.status().is_informational() {
        answer = read_head(from)?; // what counts comes after it
    }
    let header = |name| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let mut body = Vec::new();
    if matches!(answer.status().as_u16(), 204 | 304) {
        // These have none.
    } else if header(TRANSFER_ENCODING).is_some() {
        loop {
            let line = read_line(from)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| not_http())?;
            if size == 0 {
                break; // what follows, if anything, are headers that nobody here reads
            }
            read_exactly(from, size, &mut body)?;
            if !read_line(from)?.is_empty() {
                return Err(not_http());
            }
        }
    } else if let Some(length) = header(CONTENT_LENGTH) {
        let length = length.parse().map_err(|_| not_http())?;
        read_exactly(from, length, &mut body)?;
    } else {
        from.read_to_end(&mut body)?;
    }
    *answer.body_mut() = body;
    Ok(answer)
}

/// The status and the headers of an answer.
fn read_head(from: &mut impl BufRead) -> io::Result<http::Response<Vec<u8>>> {
    let line = read_line(from)?;
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1));
    let status = http::StatusCode::from_bytes(status.unwrap_or_default().as_bytes());
    let mut answer = http::Response::new(Vec::new());
    *answer.status_mut() = status.map_err(|_| not_http())?;
    loop {
        let line = read_line(from)?;
        if line.is_empty() {
            return Ok(answer);
        }
        let (name, value) = line.split_once(':').ok_or_else(not_http)?;
        let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| not_http())?;
        let value = http::HeaderValue::from_str(value.trim()).map_err(|_| not_http())?;
        answer.headers_mut().append(name, value);
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn read_exactly(from: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    if from.take(length).read_to_end(body)? as u64 == length {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn not_http() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP/1.1")
}
