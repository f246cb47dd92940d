//! Files: where they go, what is demanded on the way, and what becomes of them.

use chat_sim::{Effect, Fault, Operation, Simulator};
use http::{HeaderMap, Method, Request};
use serde_json::{Value, json};

use tokio::io::AsyncWriteExt;

use crate::bench::{Answer, Bench, Chat, target};
use crate::http_client;

const BYTES: &[u8] = b"a small picture";

fn started(token: &str) -> Value {
    json!({
        "ContentType": "image/png",
        "AttachmentSizeInBytes": BYTES.len(),
        "AttachmentName": "Küste.png",
        "ClientToken": token,
    })
}

fn start(bench: &mut Bench, chat: &Chat, token: &str) -> Value {
    bench.get(
        Operation::StartAttachmentUpload,
        &chat.token,
        &started(token),
    )
}

/// Puts bytes to the URL of a started upload, with its headers as `change` leaves them.
fn put(
    bench: &mut Bench,
    started: &Value,
    bytes: &[u8],
    change: impl FnOnce(&mut HeaderMap),
) -> Answer {
    let metadata = &started["UploadMetadata"];
    let url = metadata["Url"].as_str().expect("a URL");
    let mut request = Request::builder()
        .method(Method::PUT)
        .uri(target(url))
        .body(bytes.to_vec())
        .expect("a request");
    for (name, value) in metadata["HeadersToInclude"].as_object().expect("headers") {
        let name: http::HeaderName = name.parse().expect("a name");
        let value = value.as_str().expect("a text").parse().expect("a value");
        request.headers_mut().insert(name, value);
    }
    change(request.headers_mut());
    let id = bench.put(request);
    bench.answer_to(id)
}

fn complete(bench: &mut Bench, chat: &Chat, started: &Value, token: &str) -> Answer {
    let body = json!({ "AttachmentIds": [started["AttachmentId"]], "ClientToken": token });
    bench.ask(Operation::CompleteAttachmentUpload, &chat.token, &body)
}

/// A file of the customer, `Küste.png`, that the scanner looks at.
pub(crate) fn upload(bench: &mut Bench, chat: &Chat) -> Value {
    let upload = start(bench, chat, "s");
    assert_eq!(put(bench, &upload, BYTES, |_| {}).status, 200);
    assert_eq!(complete(bench, chat, &upload, "c").status, 200);
    upload
}

fn get(bench: &mut Bench, chat: &Chat, id: &Value) -> Answer {
    let body = json!({ "AttachmentId": id });
    bench.ask(Operation::GetAttachment, &chat.token, &body)
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.error_type().to_owned())
}

fn invalid() -> (u16, String) {
    (400, "ValidationException".to_owned())
}

#[test]
fn a_file_is_uploaded_scanned_published_and_downloaded() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let upload = upload(&mut bench, &chat);
    assert_eq!(
        upload["UploadMetadata"]["UrlExpiry"],
        "2027-01-15T08:15:00.000Z"
    );
    assert_eq!(bench.items(socket).len(), 0, "the scanner takes its time");
    let answer = get(&mut bench, &chat, &upload["AttachmentId"]);
    assert_eq!(refusal(&answer), invalid());

    bench.pass_ms(500);
    let items = bench.items(socket);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["Type"], "ATTACHMENT");
    assert_eq!(items[0]["ParticipantRole"], "CUSTOMER");
    let expected = json!([{
        "AttachmentId": upload["AttachmentId"],
        "AttachmentName": "Küste.png",
        "ContentType": "image/png",
        "Status": "APPROVED",
    }]);
    assert_eq!(items[0]["Attachments"], expected);
    let stored = bench
        .truth(&chat)
        .transcript()
        .last()
        .map(|item| json!(**item));
    assert_eq!(stored, Some(items[0].clone()));

    let answer = get(&mut bench, &chat, &upload["AttachmentId"]).json();
    assert_eq!(answer["AttachmentSizeInBytes"], BYTES.len());
    let url = target(answer["Url"].as_str().expect("a URL"));
    let file = bench.raw(Method::GET, &url, "", b"");
    assert_eq!((file.status, file.text.as_bytes()), (200, BYTES));
    assert_eq!(file.header("content-type"), "image/png");
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"K_ste.png\""
    );
    assert_eq!(bench.service.requests(Operation::UploadAttachment), 1);
    assert_eq!(bench.service.requests(Operation::DownloadAttachment), 1);
}

#[test]
fn a_download_url_expires_when_it_was_asked_to() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let upload = upload(&mut bench, &chat);
    bench.pass_ms(500);
    for seconds in [4, 301] {
        let body = json!({ "AttachmentId": upload["AttachmentId"], "UrlExpiryInSeconds": seconds });
        let answer = bench.ask(Operation::GetAttachment, &chat.token, &body);
        assert_eq!(refusal(&answer), invalid());
    }
    let body = json!({
        "AttachmentId": upload["AttachmentId"],
        "UrlExpiryInSeconds": 5,
        "UrlContentDisposition": "INLINE",
    });
    let answer = bench.get(Operation::GetAttachment, &chat.token, &body);
    let url = target(answer["Url"].as_str().expect("a URL"));
    bench.pass_ms(4_999);
    let file = bench.raw(Method::GET, &url, "", b"");
    assert_eq!(
        file.header("content-disposition"),
        "inline; filename=\"K_ste.png\""
    );
    bench.pass_ms(1);
    let late = bench.raw(Method::GET, &url, "", b"");
    assert_eq!(late.status, 403);
    assert!(
        late.text.contains("<Code>AccessDenied</Code>"),
        "{}",
        late.text
    );
    assert!(late.text.contains("expired"), "{}", late.text);
}

#[test]
fn the_upload_url_demands_each_header_the_size_and_no_more() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let upload = start(&mut bench, &chat, "s");
    for name in ["content-type", "content-disposition", "x-amz-acl"] {
        let answer = put(&mut bench, &upload, BYTES, |headers| {
            headers.remove(name);
        });
        assert_eq!(answer.status, 403);
        assert!(
            answer.text.contains("<Code>SignatureDoesNotMatch</Code>"),
            "{}",
            answer.text
        );
        assert_eq!(answer.header("content-type"), "application/xml");
    }
    for (bytes, code) in [
        (&BYTES[1..], "IncompleteBody"),
        (&[0; 99][..], "EntityTooLarge"),
    ] {
        let answer = put(&mut bench, &upload, bytes, |_| {});
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains(code), "{}", answer.text);
    }
    let signed = put(&mut bench, &upload, BYTES, |headers| {
        headers.insert("authorization", "x".parse().expect("a value"));
    });
    assert_eq!(signed.status, 400);
    // What was not uploaded cannot be completed.
    assert_eq!(
        refusal(&complete(&mut bench, &chat, &upload, "c")),
        invalid()
    );
    assert_eq!(put(&mut bench, &upload, BYTES, |_| {}).status, 200);
    assert_eq!(
        put(&mut bench, &upload, BYTES, |_| {}).status,
        200,
        "a repetition does no harm"
    );
    assert_eq!(complete(&mut bench, &chat, &upload, "c").status, 200);
    assert_eq!(put(&mut bench, &upload, BYTES, |_| {}).status, 403);
    let unknown = bench.raw(Method::PUT, "/_attachments/upload/x", "", BYTES);
    assert_eq!(unknown.status, 403);
}

#[test]
fn an_upload_url_expires_and_its_place_becomes_free() {
    let mut bench = Bench::with(|settings| settings.attachments_per_contact = 1);
    let chat = bench.chat();
    let upload = start(&mut bench, &chat, "s");
    let second = bench.ask(Operation::StartAttachmentUpload, &chat.token, &started("t"));
    assert_eq!(
        refusal(&second),
        (402, "ServiceQuotaExceededException".to_owned())
    );
    bench.pass_ms(15 * 60_000);
    assert_eq!(put(&mut bench, &upload, BYTES, |_| {}).status, 403);
    let second = bench.ask(Operation::StartAttachmentUpload, &chat.token, &started("t"));
    assert_eq!(second.status, 200);
}

#[test]
fn client_tokens_make_both_steps_repeatable() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let upload = start(&mut bench, &chat, "s");
    assert_eq!(start(&mut bench, &chat, "s"), upload);
    assert_ne!(
        start(&mut bench, &chat, "t")["AttachmentId"],
        upload["AttachmentId"]
    );
    put(&mut bench, &upload, BYTES, |_| {});
    assert_eq!(complete(&mut bench, &chat, &upload, "c").status, 200);
    assert_eq!(complete(&mut bench, &chat, &upload, "c").status, 200);
    let other = complete(&mut bench, &chat, &upload, "d");
    assert_eq!(refusal(&other), (409, "ConflictException".to_owned()));
    bench.pass_ms(60_000);
    assert_eq!(complete(&mut bench, &chat, &upload, "c").status, 200);
    assert_eq!(bench.truth(&chat).transcript().len(), 1, "published once");
}

#[test]
fn what_the_instance_does_not_allow_is_refused() {
    let mut bench = Bench::with(|settings| settings.attachment_bytes = 20);
    let chat = bench.chat();
    let changes: [(&str, Value); 8] = [
        ("ContentType", json!("a\nb")),
        ("ContentType", json!("x".repeat(256))),
        ("AttachmentSizeInBytes", json!(0)),
        ("AttachmentSizeInBytes", json!(21)),
        ("AttachmentName", json!("virus.exe")),
        ("AttachmentName", json!("no extension")),
        ("ClientToken", json!("")),
        ("ClientToken", json!(null)),
    ];
    for (name, value) in changes {
        let mut body = started("s");
        body[name] = value;
        let answer = bench.ask(Operation::StartAttachmentUpload, &chat.token, &body);
        assert_eq!(refusal(&answer), invalid(), "{body}");
    }
    let two = json!({ "AttachmentIds": ["a", "b"], "ClientToken": "c" });
    for body in [two, json!({ "AttachmentIds": ["a"], "ClientToken": "c" })] {
        let answer = bench.ask(Operation::CompleteAttachmentUpload, &chat.token, &body);
        assert_eq!(refusal(&answer), invalid(), "{body}");
    }
    let unknown = get(&mut bench, &chat, &json!("nothing"));
    assert_eq!(refusal(&unknown), invalid());
}

#[test]
fn a_rejected_file_is_told_of_and_cannot_be_had() {
    let mut bench = Bench::with(|settings| settings.announce_scans = true);
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let mut body = started("s");
    body["AttachmentName"] = json!("x.rejected.png");
    let upload = bench.get(Operation::StartAttachmentUpload, &chat.token, &body);
    put(&mut bench, &upload, BYTES, |_| {});
    complete(&mut bench, &chat, &upload, "c");
    bench.pass_ms(500);
    let items = bench.items(socket);
    let statuses: Vec<_> = items
        .iter()
        .map(|item| &item["Attachments"][0]["Status"])
        .collect();
    assert_eq!(statuses, ["IN_PROGRESS", "REJECTED"]);
    assert_eq!(items[0]["Id"], items[1]["Id"], "one item, told of twice");
    assert_eq!(items[0]["AbsoluteTime"], items[1]["AbsoluteTime"]);
    let stored = bench.truth(&chat).transcript();
    assert_eq!(stored.len(), 2, "the joining and the file");
    assert_eq!(json!(*stored[1]), items[1]);
    assert_eq!(
        refusal(&get(&mut bench, &chat, &upload["AttachmentId"])),
        invalid()
    );
}

#[test]
fn the_agent_sends_a_file_too() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let now = bench.now;
    let id = bench
        .service
        .agent_attaches(
            now,
            &chat.contact,
            "terms.pdf",
            "application/pdf",
            BYTES.to_vec(),
        )
        .expect("the agent may");
    bench.pass_ms(500);
    let items = bench.items(socket);
    assert_eq!(items[1]["Attachments"][0]["AttachmentId"], id.as_str());
    assert_eq!(items[1]["ParticipantRole"], "AGENT");
    assert_eq!(get(&mut bench, &chat, &json!(id)).status, 200);
    assert_eq!(
        bench.service.attachment_bytes(&chat.contact, &id),
        Some(BYTES)
    );
    let refused = bench
        .service
        .agent_attaches(now, &chat.contact, "a.exe", "x", BYTES.to_vec());
    assert!(refused.is_err());
}

#[test]
fn old_files_make_room_for_new_ones() {
    let mut bench = Bench::with(|settings| settings.attachment_memory = 20);
    let chat = bench.chat();
    let send = |bench: &mut Bench| {
        let now = bench.now;
        let bytes = BYTES.to_vec();
        let id = bench
            .service
            .agent_attaches(now, &chat.contact, "a.txt", "text/plain", bytes);
        bench.pass_ms(500);
        id.expect("the agent may")
    };
    let (one, two) = (send(&mut bench), send(&mut bench));
    assert_eq!(bench.service.attachment_bytes(&chat.contact, &one), None);
    assert!(
        bench
            .service
            .attachment_bytes(&chat.contact, &two)
            .is_some()
    );
    let answer = get(&mut bench, &chat, &json!(one)).json();
    let url = target(answer["Url"].as_str().expect("a URL"));
    assert_eq!(bench.raw(Method::GET, &url, "", b"").status, 404);
}

#[test]
fn faults_can_be_aimed_at_the_upload_itself() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let effect = Effect::AnswerRaw {
        status: 503,
        content_type: "application/xml".to_owned(),
        body: "<Error><Code>SlowDown</Code></Error>".to_owned(),
    };
    let fault = Fault::new(effect)
        .on(Operation::UploadAttachment)
        .in_contact(&chat.contact)
        .once();
    bench.inject(fault);
    let upload = start(&mut bench, &chat, "s");
    assert_eq!(put(&mut bench, &upload, BYTES, |_| {}).status, 503);
    assert_eq!(put(&mut bench, &upload, BYTES, |_| {}).status, 200);
}

#[tokio::test]
async fn a_file_larger_than_any_request_goes_through_real_sockets() {
    let simulator = Simulator::start().await.expect("a port");
    let mut stream = http_client::dial(&simulator).await;
    let chat = http_client::start(&mut stream).await;
    let bytes = vec![b'x'; 300 * 1024];
    let body = json!({
        "ContentType": "text/plain",
        "AttachmentSizeInBytes": bytes.len(),
        "AttachmentName": "large.txt",
        "ClientToken": "s",
    });
    let operation = Operation::StartAttachmentUpload;
    let (status, upload) = http_client::ask(&mut stream, operation, &chat.token, &body).await;
    assert_eq!(status, 200);
    let metadata = &upload["UploadMetadata"];
    let url = metadata["Url"].as_str().expect("a URL");
    assert!(
        url.starts_with(&simulator.endpoint()),
        "it serves the URL itself"
    );
    let mut head = format!(
        "PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n",
        target(url),
        bytes.len()
    );
    for (name, value) in metadata["HeadersToInclude"].as_object().expect("headers") {
        head.push_str(&format!("{name}: {}\r\n", value.as_str().expect("a text")));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&bytes).await.expect("sent");
    let (status, _) = http_client::read(&mut stream).await.expect("an answer");
    assert_eq!(status, 200);
    let id = upload["AttachmentId"].as_str().expect("an id");
    let held = simulator.with(|service, _| {
        service
            .attachment_bytes(&chat.contact, id)
            .map(<[u8]>::to_vec)
    });
    assert_eq!(held, Some(bytes));
    simulator.shutdown().await;
}
