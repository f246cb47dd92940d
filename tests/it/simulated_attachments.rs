//! Files: sent in three stages, resumed where they stopped, downloaded whole or not at all.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

use std::time::Duration;

use chat_proto::api::Exception;
use chat_proto::{
    AttachmentError, AttachmentStage, CallAnswer, CommandError, Event, NewAttachment, Operation,
    Phase, RequestError, TransferError, Transferred, TransportError, TransportErrorKind, UploadId,
};
use chat_tests::{CONTACT, Lone, SECOND};

const START: Operation = Operation::StartAttachmentUpload;
const COMPLETE: Operation = Operation::CompleteAttachmentUpload;
const GET: Operation = Operation::GetAttachment;

const SIZE: u64 = 7;
const WHOLE: Result<Transferred, TransportError> = storage(200);

const fn storage(status: u16) -> Result<Transferred, TransportError> {
    Ok(Transferred {
        status,
        bytes: SIZE,
    })
}

fn broken() -> Result<Transferred, TransportError> {
    let kind = TransportErrorKind::Broken;
    Err(TransportError::new(kind, "the cable was cut"))
}

/// Where to upload: number `n`, for the second minute of the chat if `expires`.
fn place(n: u32, expires: bool) -> String {
    let expiry = if expires {
        r#","UrlExpiry":"2026-01-31T12:02:00.000Z""#
    } else {
        ""
    };
    format!(
        r#"{{"AttachmentId":"file-{n}","UploadMetadata":{{"Url":"https://files.example/{n}?sig=S"
        {expiry},"HeadersToInclude":{{"Content-Type":"image/png","x-amz-meta-a":"b"}}}}}}"#
    )
}

fn file() -> NewAttachment {
    NewAttachment::new("boat.png", "image/png", SIZE)
}

fn live() -> Lone {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    lone.events.clear();
    lone
}

/// A session that is asked to send a file.
fn sending(lone: &mut Lone) -> UploadId {
    let now = lone.instant();
    let upload = lone.session.send_attachment(now, file()).unwrap();
    lone.drain();
    upload
}

/// What has become of the files.
fn settled(lone: &mut Lone) -> Vec<Result<String, AttachmentError>> {
    let events = std::mem::take(&mut lone.events);
    let settled = events.into_iter().filter_map(|event| {
        if let Event::AttachmentSent { attachment_id, .. } = event {
            Some(Ok(attachment_id.to_string()))
        } else if let Event::AttachmentFailed { error, .. } = event {
            Some(Err(error))
        } else {
            None
        }
    });
    settled.collect()
}

fn failure(lone: &mut Lone) -> (AttachmentStage, RequestError) {
    let mut settled = settled(lone);
    assert_eq!(settled.len(), 1, "{settled:?}");
    let error = settled.remove(0).unwrap_err();
    (error.stage, error.error)
}

fn resume(lone: &mut Lone, upload: UploadId) {
    let now = lone.instant();
    lone.session.resume_attachment(now, upload).unwrap();
    lone.drain();
}

fn client_tokens(lone: &Lone, operation: Operation) -> Vec<String> {
    let token = |body: &String| {
        let (_, rest) = body.split_once(r#""ClientToken":""#).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    lone.bodies(operation).iter().map(token).collect()
}

#[test]
fn a_file_is_sent_in_three_stages() {
    let mut lone = live();
    let upload = sending(&mut lone);
    assert!(lone.session.has_attachment(upload));
    let start = lone.bodies(START).remove(0);
    for part in [
        r#""ContentType":"image/png""#,
        r#""AttachmentSizeInBytes":7"#,
        r#""AttachmentName":"boat.png""#,
    ] {
        assert!(start.contains(part), "{start}");
    }
    assert!(lone.transfers.is_empty(), "it knows no URL yet");
    lone.answer(START, 200, &place(1, true));
    let (_, http) = &lone.transfers[0];
    assert_eq!(http.method(), http::Method::PUT);
    assert_eq!(http.uri(), "https://files.example/1?sig=S");
    let mut headers: Vec<_> = http.headers().keys().map(|name| name.as_str()).collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        ["content-type", "x-amz-meta-a"],
        "exactly those of the service, and no token"
    );
    assert!(lone.bodies(COMPLETE).is_empty(), "nothing is uploaded yet");
    lone.transfer(WHOLE);
    assert!(lone.bodies(COMPLETE)[0].contains(r#""AttachmentIds":["file-1"]"#));
    assert!(settled(&mut lone).is_empty());
    lone.answer(COMPLETE, 200, "{}");
    assert_eq!(settled(&mut lone), [Ok("file-1".to_owned())]);
    assert!(!lone.session.has_attachment(upload));
    assert_ne!(
        client_tokens(&lone, START),
        client_tokens(&lone, COMPLETE),
        "each operation has a token of its own"
    );
}

#[test]
fn every_stage_is_tried_three_times_under_one_client_token() {
    let mut lone = live();
    sending(&mut lone);
    for _ in 0..2 {
        lone.answer(START, 500, "{}");
        lone.pass(SECOND * 2);
    }
    lone.answer(START, 200, &place(1, false));
    for result in [broken(), storage(503)] {
        lone.transfer(result);
        lone.pass(SECOND * 2);
    }
    lone.transfer(WHOLE);
    for _ in 0..2 {
        lone.answer(COMPLETE, 429, "{}");
        lone.pass(SECOND * 2);
    }
    lone.answer(COMPLETE, 200, "");
    assert_eq!(settled(&mut lone), [Ok("file-1".to_owned())]);
    assert_eq!(lone.transfers_total, 3);
    for operation in [START, COMPLETE] {
        let tokens = client_tokens(&lone, operation);
        assert_eq!(tokens.len(), 3);
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    }
}

#[test]
fn an_upload_the_storage_refuses_is_never_completed() {
    for status in [403, 400, 302, 412] {
        let mut lone = live();
        let upload = sending(&mut lone);
        lone.answer(START, 200, &place(1, false));
        lone.transfer(storage(status));
        let refused = RequestError::Transfer(TransferError::Status { status });
        assert_eq!(
            failure(&mut lone),
            (AttachmentStage::Upload, refused),
            "at once: the same URL would be refused again"
        );
        lone.pass(SECOND * 5);
        assert!(lone.bodies(COMPLETE).is_empty());
        assert_eq!(lone.bodies(START).len(), 1);
        let connects = lone.bodies(Operation::CreateParticipantConnection).len();
        assert_eq!(connects, 1, "our token is not to blame");

        resume(&mut lone, upload);
        lone.answer(START, 200, &place(2, false));
        let (_, http) = &lone.transfers[0];
        assert_eq!(http.uri().path(), "/2", "at another URL");
        let tokens = client_tokens(&lone, START);
        assert_ne!(tokens[0], tokens[1], "a new upload, not a repetition");
        lone.transfer(WHOLE);
        lone.answer(COMPLETE, 200, "{}");
        assert_eq!(settled(&mut lone), [Ok("file-2".to_owned())]);
    }
}

#[test]
fn an_upload_of_another_length_is_not_completed() {
    let mut lone = live();
    sending(&mut lone);
    lone.answer(START, 200, &place(1, false));
    lone.transfer(Ok(Transferred {
        status: 200,
        bytes: 6,
    }));
    let (stage, error) = failure(&mut lone);
    assert_eq!(stage, AttachmentStage::Upload);
    let length = TransferError::Length {
        expected: 7,
        actual: 6,
    };
    assert_eq!(error, RequestError::Transfer(length));
    assert!(lone.bodies(COMPLETE).is_empty());
}

#[test]
fn a_failed_complete_is_resumed_without_another_upload() {
    let mut lone = live();
    let upload = sending(&mut lone);
    lone.answer(START, 200, &place(1, true));
    lone.transfer(WHOLE);
    lone.answer(
        COMPLETE,
        409,
        r#"{"__type":"ConflictException","Message":"being uploaded"}"#,
    );
    let (stage, error) = failure(&mut lone);
    assert_eq!(stage, AttachmentStage::Complete);
    assert_service(&error, 409, &Exception::Conflict);
    lone.pass(SECOND * 600); // the URL has long expired, which does not matter any more
    resume(&mut lone, upload);
    lone.answer(COMPLETE, 200, "{}");
    assert_eq!(settled(&mut lone), [Ok("file-1".to_owned())]);
    assert_eq!(lone.transfers_total, 1);
    assert_eq!(lone.bodies(START).len(), 1);
    let tokens = client_tokens(&lone, COMPLETE);
    assert_eq!(tokens[0], tokens[1], "it cannot be doubled");
}

fn assert_service(error: &RequestError, status: u16, exception: &Exception) {
    let RequestError::Service(error) = error else {
        panic!("{error:?} is not of the service");
    };
    assert_eq!((error.status, &error.exception), (status, exception));
}

#[test]
fn a_used_up_quota_is_told_as_such() {
    let mut lone = live();
    let upload = sending(&mut lone);
    lone.answer(START, 402, r#"{"__type":"ServiceQuotaExceededException"}"#);
    let (stage, error) = failure(&mut lone);
    assert_eq!(stage, AttachmentStage::Start);
    assert_service(&error, 402, &Exception::ServiceQuotaExceeded);
    resume(&mut lone, upload);
    let tokens = client_tokens(&lone, START);
    assert_eq!(tokens[0], tokens[1]);
}

#[test]
fn an_upload_is_resumed_at_its_url_while_that_works_and_at_another_afterwards() {
    for (wait, starts) in [(SECOND * 10, 1), (SECOND * 600, 2)] {
        let mut lone = live();
        let upload = sending(&mut lone);
        lone.answer(START, 200, &place(1, true));
        let file_gone = TransportError::new(TransportErrorKind::File, "it is gone");
        lone.transfer(Err(file_gone));
        let (stage, error) = failure(&mut lone);
        assert_eq!(stage, AttachmentStage::Upload);
        assert!(error.to_string().contains("it is gone"), "{error}");
        lone.pass(wait);
        resume(&mut lone, upload);
        assert_eq!(lone.bodies(START).len(), starts);
        lone.answer(START, 200, &place(2, false));
        lone.transfer(WHOLE);
        lone.answer(COMPLETE, 200, "{}");
        assert_eq!(settled(&mut lone), [Ok(format!("file-{starts}"))]);
    }
}

#[test]
fn a_url_that_expires_between_two_tries_is_replaced_and_the_tries_stay_few() {
    let mut lone = live();
    sending(&mut lone);
    for n in 1..=3 {
        lone.answer(START, 200, &place(n, true));
        assert_eq!(lone.transfers.len(), 1, "try {n}");
        // Nobody answers before the time limit.
        lone.pass(SECOND * 302);
    }
    let (stage, error) = failure(&mut lone);
    assert_eq!(stage, AttachmentStage::Upload);
    assert!(error.to_string().contains("no answer within 300s"));
    assert_eq!(lone.bodies(START).len(), 3);
    assert_eq!(lone.transfers_total, 3);
    assert!(lone.transfers.is_empty(), "it was cancelled");
    lone.pass(SECOND * 3_600);
    assert_eq!(lone.transfers_total, 3);
}

#[test]
fn a_place_that_cannot_be_used_is_a_failure_of_the_first_stage() {
    for body in [
        "{}",
        "<html>",
        r#"{"AttachmentId":"a","UploadMetadata":{"Url":"file:///etc/passwd"}}"#,
        r#"{"AttachmentId":"a","UploadMetadata":{"Url":"https://a","HeadersToInclude":{"":"SECRET"}}}"#,
    ] {
        let mut lone = live();
        sending(&mut lone);
        for _ in 0..3 {
            assert!(lone.answer(START, 200, body));
            lone.pass(SECOND * 2);
        }
        let (stage, error) = failure(&mut lone);
        assert_eq!(stage, AttachmentStage::Start);
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused_at_once() {
    let mut lone = live();
    let now = lone.instant();
    let mut refusal = |attachment| {
        let refused = lone.session.send_attachment(now, attachment);
        refused.unwrap_err().to_string()
    };
    let empty = refusal(NewAttachment::new("a", "b/c", 0));
    assert!(empty.contains("AttachmentSizeInBytes"), "{empty}");
    let nameless = refusal(NewAttachment::new("", "b/c", 1));
    assert!(nameless.contains("AttachmentName"), "{nameless}");
    for _ in 0..35 {
        sending(&mut lone);
    }
    let full = lone.session.send_attachment(now, file()).unwrap_err();
    assert!(matches!(full, CommandError::Full { limit: 35, .. }));
    let upload = {
        let mut other = live();
        sending(&mut other)
    };
    let mut fresh = live();
    assert_eq!(
        fresh.session.resume_attachment(fresh.instant(), upload),
        Err(CommandError::UnknownAttachment(upload))
    );
}

#[test]
fn of_many_failures_the_last_ones_can_be_resumed() {
    let mut lone = live();
    let mut uploads = Vec::new();
    for _ in 0..40 {
        uploads.push(sending(&mut lone));
        lone.answer(START, 400, "{}");
    }
    assert_eq!(settled(&mut lone).len(), 40);
    let kept: Vec<_> = uploads
        .iter()
        .map(|upload| lone.session.has_attachment(*upload))
        .collect();
    assert_eq!(kept, [vec![false; 5], vec![true; 35]].concat());
}

#[test]
fn what_is_under_way_at_the_end_fails_once_at_its_stage() {
    let mut lone = live();
    let ids: Vec<_> = (0..3).map(|_| sending(&mut lone)).collect();
    lone.answer(START, 200, &place(1, false));
    lone.answer(START, 200, &place(2, false));
    lone.transfer(WHOLE);
    let now = lone.instant();
    let download = lone.session.download_attachment(now, "file-9".into());
    assert!(download.is_ok());
    lone.drain();
    lone.answer(GET, 200, &url(SIZE));
    assert_eq!(lone.transfers.len(), 2);
    lone.session.abandon(now).unwrap();
    lone.drain();
    assert!(lone.transfers.is_empty(), "cancelled");
    let finished = finished(&lone);
    assert_eq!(finished, [Err(RequestError::Ended)]);
    let stages: Vec<_> = settled(&mut lone)
        .into_iter()
        .map(|result| {
            let error = result.unwrap_err();
            assert_eq!(error.error, RequestError::Ended);
            error.stage
        })
        .collect();
    let expected = [
        AttachmentStage::Complete,
        AttachmentStage::Upload,
        AttachmentStage::Start,
    ];
    assert_eq!(stages, expected);
    assert!(!ids.iter().any(|id| lone.session.has_attachment(*id)));
}

#[test]
fn while_the_session_is_suspended_nothing_further_is_asked() {
    let mut lone = live();
    sending(&mut lone);
    lone.answer(START, 200, &place(1, false));
    let now = lone.instant();
    lone.session.suspend(now).unwrap();
    lone.drain();
    lone.transfer(WHOLE);
    lone.pass(SECOND * 60);
    assert!(lone.bodies(COMPLETE).is_empty());
    let now = lone.instant();
    lone.session.resume(now).unwrap();
    lone.drain();
    lone.answer(COMPLETE, 200, "{}");
    assert_eq!(settled(&mut lone), [Ok("file-1".to_owned())]);
}

#[test]
fn a_disconnect_waits_for_a_file_that_is_being_sent() {
    let mut lone = live();
    sending(&mut lone);
    lone.answer(START, 200, &place(1, false));
    lone.session.disconnect(lone.instant()).unwrap();
    lone.drain();
    let disconnects = |lone: &Lone| lone.bodies(Operation::DisconnectParticipant).len();
    assert_eq!(disconnects(&lone), 0);
    lone.transfer(WHOLE);
    lone.answer(COMPLETE, 200, "{}");
    assert_eq!(disconnects(&lone), 1);
    assert_eq!(settled(&mut lone), [Ok("file-1".to_owned())]);

    let mut lone = live();
    sending(&mut lone);
    lone.session.disconnect(lone.instant()).unwrap();
    lone.pass(SECOND * 6);
    assert_eq!(disconnects(&lone), 1, "not for ever");
}

/// What GetAttachment answers about a file of this size.
fn url(size: u64) -> String {
    format!(r#"{{"Url":"https://files.example/d?sig=S","AttachmentSizeInBytes":{size}}}"#)
}

/// The results of all calls.
fn finished(lone: &Lone) -> Vec<Result<CallAnswer, RequestError>> {
    let results = lone.events.iter().filter_map(|event| {
        if let Event::CallFinished { result, .. } = event {
            Some(result.clone())
        } else {
            None
        }
    });
    results.collect()
}

fn downloading() -> Lone {
    let mut lone = live();
    let now = lone.instant();
    let call = lone.session.download_attachment(now, "file-1".into());
    assert!(call.is_ok());
    lone.drain();
    lone
}

#[test]
fn a_file_is_downloaded_from_the_url_the_service_gives() {
    let mut lone = downloading();
    assert!(lone.bodies(GET)[0].contains(r#""AttachmentId":"file-1""#));
    lone.answer(GET, 200, &url(SIZE));
    let (_, http) = &lone.transfers[0];
    assert_eq!(http.method(), http::Method::GET);
    assert_eq!(http.uri(), "https://files.example/d?sig=S");
    assert!(http.headers().is_empty(), "no token leaves for there");
    lone.transfer(WHOLE);
    let answer = CallAnswer::AttachmentDownloaded { bytes: SIZE };
    assert_eq!(finished(&lone), [Ok(answer)]);
}

#[test]
fn an_error_page_or_another_length_is_not_the_file() {
    let status = TransferError::Status { status: 403 };
    let length = TransferError::Length {
        expected: 9,
        actual: 7,
    };
    for (size, answer, error) in [(7, storage(403), status), (9, WHOLE, length)] {
        let mut lone = downloading();
        lone.answer(GET, 200, &url(size));
        lone.transfer(answer);
        assert_eq!(finished(&lone), [Err(RequestError::Transfer(error))]);
    }
    let mut lone = downloading();
    for _ in 0..3 {
        lone.answer(GET, 200, r#"{"Url":"https://files.example/d"}"#);
        lone.pass(SECOND * 2);
    }
    let error = finished(&lone).remove(0).unwrap_err().to_string();
    assert!(error.contains("no AttachmentSizeInBytes"), "{error}");
}

#[test]
fn a_download_that_breaks_is_tried_again_from_another_url() {
    let mut lone = downloading();
    for result in [broken(), storage(500)] {
        lone.answer(GET, 200, &url(SIZE));
        lone.transfer(result);
        lone.pass(SECOND * 2);
    }
    lone.answer(GET, 200, &url(SIZE));
    lone.transfer(WHOLE);
    let answer = CallAnswer::AttachmentDownloaded { bytes: SIZE };
    assert_eq!(finished(&lone), [Ok(answer)]);
    assert_eq!(lone.bodies(GET).len(), 3);
}

#[test]
fn answers_of_the_wrong_kind_and_stale_ones_do_nothing() {
    let mut lone = downloading();
    let (call, _) = lone.pending[0];
    let now = lone.instant();
    lone.session.handle_transfer(now, call, WHOLE);
    lone.answer(GET, 200, &url(SIZE));
    let (transfer, _) = lone.transfers[0];
    let response = http::Response::new("{}");
    lone.session.handle_response(now, transfer, Ok(response));
    lone.drain();
    assert!(finished(&lone).is_empty());
    lone.transfer(WHOLE);
    lone.session.handle_transfer(now, transfer, storage(500));
    lone.drain();
    assert_eq!(finished(&lone).len(), 1);
    assert_eq!(lone.session.phase(), Phase::Live);
}

/// The item of an attachment with this status.
fn item(status: &str, second: u32) -> String {
    format!(
        r#"{{"Id":"item-1","Type":"ATTACHMENT","AbsoluteTime":"2026-01-31T12:00:{second:02}.000Z",
        "Attachments":[{{"AttachmentId":"file-1","AttachmentName":"boat.png","ContentType":
        "image/png","Status":"{status}"}}],"ContactId":"{CONTACT}","ParticipantId":"agent-1"}}"#
    )
    .replace('\n', "")
}

#[test]
fn an_attachment_that_comes_again_with_another_status_is_updated_and_not_reported_twice() {
    for (order, last) in [
        (["IN_PROGRESS", "APPROVED"], "Approved"),
        (["IN_PROGRESS", "REJECTED"], "Rejected"),
        (["APPROVED", "IN_PROGRESS"], "Approved"),
        (["APPROVED", "APPROVED"], "Approved"),
        (["REJECTED", "IN_PROGRESS"], "Rejected"),
    ] {
        let mut lone = live();
        for status in order {
            lone.item(&item(status, 1));
        }
        let items = lone.events.iter();
        let items = items
            .filter(|event| matches!(event, Event::Item(_)))
            .count();
        assert_eq!(items, 1, "{order:?}");
        assert_eq!(lone.session.transcript().len(), 1);
        let entry = lone.session.transcript().get(0).unwrap();
        let status = &entry.item.attachments[0].status;
        assert_eq!(format!("{status:?}"), format!("Some({last})"), "{order:?}");
        let updated = lone.events.iter().any(|event| {
            matches!(
                event,
                Event::TranscriptChanged(chat_proto::Change::Updated { .. })
            )
        });
        assert_eq!(updated, order[0] == "IN_PROGRESS", "{order:?}");
    }
}

#[test]
fn a_later_form_of_an_attachment_stands_at_its_own_time() {
    let mut lone = live();
    lone.item(&item("IN_PROGRESS", 1));
    lone.item(&chat_tests::message(2));
    lone.item(&item("APPROVED", 3));
    let ids: Vec<_> = lone
        .session
        .transcript()
        .iter()
        .filter_map(|entry| entry.item.id.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(ids, ["item-2", "item-1"]);
}

#[test]
fn a_slow_transfer_has_its_own_time_limit() {
    let mut lone = Lone::live(|config| {
        config.transfer_timeout(Duration::from_secs(3_600)).unwrap();
    });
    sending(&mut lone);
    lone.answer(START, 200, &place(1, false));
    lone.pass(SECOND * 3_590);
    assert_eq!(lone.transfers_total, 1);
    assert!(settled(&mut lone).is_empty());
    lone.transfer(WHOLE);
    assert_eq!(lone.bodies(COMPLETE).len(), 1);
}
