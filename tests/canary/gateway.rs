//! What stands between a client and the service: it passes everything on, and marks every secret
//! that comes by.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use crate::marks;

/// The members of answers that are secret.
const SECRETS: [(&str, bool); 5] = [
    ("ConnectionToken", false),
    ("ParticipantToken", false),
    ("Url", true),
    ("AuthenticationUrl", true),
    ("UploadUrl", true),
];

/// Passes everything on to this port of this machine. It lasts as long as the process.
pub(crate) fn before(port: u16) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let Ok(service) = TcpStream::connect(("127.0.0.1", port)) else {
                continue; // it is away
            };
            let (from, to) = (client.try_clone().unwrap(), service.try_clone().unwrap());
            std::thread::spawn(move || pass(from, to));
            std::thread::spawn(move || pass(service, client));
        }
    });
    address
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    let mut kept = String::new();
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        kept.push_str(&String::from_utf8_lossy(&buffer[..length]));
        watch(&kept);
        // A secret may be torn apart by the reads: what may be its beginning is kept.
        let begin = kept.len().saturating_sub(8 * 1024);
        let begin = (begin..).find(|&at| kept.is_char_boundary(at)).unwrap();
        kept.drain(..begin);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn watch(text: &str) {
    for (member, is_url) in SECRETS {
        let begin = format!("\"{member}\":\"");
        for rest in text.split(begin.as_str()).skip(1) {
            let Some((value, _)) = rest.split_once('"') else {
                continue; // it goes on in the next read
            };
            if is_url {
                marks::note_url(member, value);
            } else {
                marks::note(member, value);
            }
        }
    }
}

/// Answers every request with these bytes.
pub(crate) fn answering(answer: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut request = vec![0; 64 * 1024];
            let _ = client.read(&mut request);
            let _ = client.write_all(answer.as_bytes());
            let _ = client.shutdown(Shutdown::Write);
            let _ = client.read(&mut request);
        }
    });
    address
}

/// An answer of HTTP with this body, after which the connection ends.
pub(crate) fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}
