//! Nothing grows without end: what is full says so, and takes more when there is room.

use chat_proto::api::GetTranscript;
use chat_proto::{
    ChatDetails, CommandError, Config, Endpoint, Hub, Instant, ItemId, Operation, Priority, Quotas,
    RateLimiter, ReceiptKind, Seed, Start,
};
use chat_tests::{Lone, START_UNIX, message};

/// The most receipts of one kind that wait.
const RECEIPTS: usize = 1_000;
/// The most items that are recognised though no transcript holds them.
const PASSING: usize = 256;

#[test]
fn calls_beyond_the_limit_are_refused_until_one_is_answered() {
    let mut lone = Lone::live(|config| {
        config.call_limit(2).unwrap();
    });
    lone.page(&[]);
    let now = lone.instant();
    let call = |lone: &mut Lone| {
        let asked = lone.session.get_transcript(now, GetTranscript::default());
        lone.drain();
        asked
    };
    call(&mut lone).unwrap();
    call(&mut lone).unwrap();
    let full = call(&mut lone).unwrap_err();
    assert!(
        matches!(full, CommandError::Full { limit: 2, .. }),
        "{full}"
    );
    assert!(lone.page(&[]));
    call(&mut lone).unwrap();
}

#[test]
fn receipts_that_wait_are_bounded() {
    let mut lone = Lone::live(|_| {});
    let messages: Vec<_> = (0..1_100).map(message).collect();
    lone.page(&messages);
    let now = lone.instant();
    // The first is on its way, and the others wait for it.
    let mut taken = 0;
    let full = (0..1_100).find_map(|number| {
        let id = ItemId::from(format!("item-{number}"));
        let asked = lone.session.send_receipt(now, ReceiptKind::Read, &id);
        taken += usize::from(asked.is_ok());
        asked.err()
    });
    assert_eq!(taken, RECEIPTS + 1);
    let full = full.unwrap();
    assert!(matches!(
        full,
        CommandError::Full {
            limit: RECEIPTS,
            ..
        }
    ));
}

#[test]
fn items_that_pass_by_are_recognised_for_a_while_and_then_forgotten() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    let told = |lone: &mut Lone, number: usize| {
        lone.events.clear();
        let id = format!(r#""Id":"typing-{number}","ParticipantId":"agent-1""#);
        lone.item(&format!(
            r#"{{{id},"Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.typing"}}"#
        ));
        !lone.events.is_empty()
    };
    for number in 0..=PASSING {
        assert!(told(&mut lone, number), "{number}");
    }
    assert!(!told(&mut lone, PASSING));
    assert!(!told(&mut lone, 1));
    assert!(told(&mut lone, 0), "the oldest one is still remembered");
}

#[test]
fn the_first_connect_reads_as_many_pages_as_are_set() {
    for pages in 1..4_usize {
        let mut lone = Lone::live(|config| {
            config.history_pages(u32::try_from(pages).unwrap()).unwrap();
        });
        for number in (0..10).rev() {
            let page = message(number);
            let page = format!(r#"{{"NextToken":"t{number}","Transcript":[{page}]}}"#);
            lone.answer(Operation::GetTranscript, 200, &page);
        }
        assert_eq!(lone.bodies(Operation::GetTranscript).len(), pages);
        assert_eq!(lone.session.transcript().len(), pages);
    }
}

#[test]
fn a_hub_takes_no_more_sessions_than_its_limit() {
    let start = Start {
        now: Instant::ORIGIN,
        unix: START_UNIX,
        seed: Seed::from_number(1),
    };
    let mut config = Config::new(Endpoint::custom("http://127.0.0.1:1").unwrap());
    config.hub_session_limit(2).unwrap();
    let mut hub = Hub::new(start, config);
    let mut add = |contact: &str| {
        let details = ChatDetails {
            contact_id: contact.into(),
            participant_id: "agent-1".into(),
            participant_token: "participant-token".into(),
        };
        hub.add(Instant::ORIGIN, details)
    };
    add("c1").unwrap();
    add("c2").unwrap();
    let full = add("c3").unwrap_err();
    assert!(
        matches!(full, CommandError::Full { limit: 2, .. }),
        "{full}"
    );
}

#[test]
fn a_rate_limiter_without_quotas_keeps_nothing_waiting() {
    let begun = |quotas: &Quotas| {
        let mut limiter = RateLimiter::new(quotas);
        for number in 0..100_u32 {
            limiter.submit(number, Operation::SendMessage, Priority::Message);
        }
        let begun = std::iter::from_fn(|| limiter.poll(Instant::ORIGIN)).count();
        (begun, limiter.waiting())
    };
    assert_eq!(begun(&Quotas::unlimited()), (100, 0));
    let mut quotas = Quotas::default();
    let (some, rest) = begun(&quotas);
    assert!(some < 100 && some + rest == 100, "{some} and {rest}");
    // Messages and events share one quota, by either name.
    quotas.set(Operation::SendEvent, None);
    assert_eq!(begun(&quotas), (100, 0));
}
