//! The pages of the console, and the page on which customers sign in.

use chat_sim::{Bundle, ChatEvent, Operation, Role};
use http::Method;
use serde_json::json;

use crate::bench::{Answer, Bench, Chat, target};

fn get(bench: &mut Bench, path: &str) -> Answer {
    bench.raw(Method::GET, path, "", b"")
}

#[test]
fn every_file_that_a_page_names_is_there_and_nothing_else_is_loaded() {
    let mut bench = Bench::with(|settings| {
        settings.chatjs = Some(Bundle::new(*b"const connect = {};"));
    });
    let mut named = 0;
    for page in ["/_sim/", "/_sim/customer"] {
        let answer = get(&mut bench, page);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'"), "{policy}");
        for quoted in answer
            .text
            .split("src=\"")
            .chain(answer.text.split("href=\""))
            .skip(1)
        {
            let file = quoted.split('"').next().expect("a first part");
            if file.starts_with('<') || file.starts_with('#') || file.contains(' ') {
                continue;
            }
            assert!(!file.contains("//"), "{page} loads {file} from elsewhere");
            let file = file.trim_start_matches("/_sim/");
            let file = get(&mut bench, &format!("/_sim/{file}"));
            assert_eq!(file.status, 200, "{page}: {}", file.text);
            named += 1;
        }
    }
    assert!(named >= 4, "only {named} files are named");
}

#[test]
fn without_chatjs_the_page_is_told_how_to_provide_it() {
    let mut bench = Bench::new();
    let answer = get(&mut bench, "/_sim/chatjs.js");
    assert_eq!(answer.status, 404);
    assert!(answer.text.contains("--chatjs"), "{}", answer.text);
}

/// A customer who is asked to sign in, and the session.
fn asked(bench: &mut Bench) -> (Chat, String) {
    let chat = bench.chat();
    let event = ChatEvent::AuthenticationInitiated;
    let item = bench
        .service
        .publish_event(bench.now, &chat.contact, &event, Role::Customer)
        .expect("it can be told");
    bench.drain();
    let content: serde_json::Value =
        serde_json::from_str(&item.content.expect("a session")).expect("JSON");
    let session = content["SessionId"].as_str().expect("a session").to_owned();
    (chat, session)
}

fn url(bench: &mut Bench, chat: &Chat, session: &str, redirect_uri: &str) -> String {
    let body = json!({ "SessionId": session, "RedirectUri": redirect_uri });
    let answer = bench.get(Operation::GetAuthenticationUrl, &chat.token, &body);
    target(answer["AuthenticationUrl"].as_str().expect("a URL"))
}

fn choose(bench: &mut Bench, session: &str, outcome: &str) -> Answer {
    let form = format!("session={session}&outcome={outcome}");
    bench.raw(Method::POST, "/_authenticate", "", form.as_bytes())
}

#[test]
fn the_customer_signs_in_on_a_page() {
    for (outcome, event, query) in [
        (
            "succeeded",
            ChatEvent::AuthenticationSucceeded,
            "code=simulated",
        ),
        (
            "failed",
            ChatEvent::AuthenticationFailed,
            "error=access_denied",
        ),
        (
            "cancelled",
            ChatEvent::AuthenticationCancelled,
            "error=cancelled",
        ),
    ] {
        let mut bench = Bench::new();
        let (chat, session) = asked(&mut bench);
        let socket = bench.listen(&chat);
        bench.take(socket);
        let page = url(&mut bench, &chat, &session, "https://x.example/back?a=1");
        let shown = get(&mut bench, &page);
        assert_eq!(shown.status, 200, "{}", shown.text);
        assert!(shown.text.contains(&session));
        assert!(shown.text.contains(outcome));

        let answer = choose(&mut bench, &session, outcome);
        assert_eq!(answer.status, 303);
        assert_eq!(
            answer.header("location"),
            format!("https://x.example/back?a=1&{query}&state={session}")
        );
        let items = bench.items(socket);
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["ContentType"], event.content_type());
        // It is over.
        assert_eq!(choose(&mut bench, &session, outcome).status, 404);
        assert_eq!(get(&mut bench, &page).status, 404);
    }
}

#[test]
fn the_way_back_keeps_its_form_or_is_refused() {
    for (redirect_uri, to) in [
        ("app://back", Some("app://back?code=simulated&state=")),
        (
            "https://x.example/#/chat",
            Some("https://x.example/?code=simulated&state="),
        ),
        ("https://x.example/\r\nset-cookie:a", None),
        ("https://x.example/\u{e9}", None),
    ] {
        let mut bench = Bench::new();
        let (chat, session) = asked(&mut bench);
        url(&mut bench, &chat, &session, redirect_uri);
        let answer = choose(&mut bench, &session, "succeeded");
        match to {
            Some(to) => {
                let location = answer.header("location");
                assert!(location.starts_with(to), "{location}");
                let ending = redirect_uri
                    .split_once('#')
                    .map_or("", |(_, fragment)| fragment);
                assert!(location.ends_with(ending), "{location}");
            }
            None => assert_eq!(answer.status, 400, "{redirect_uri:?}"),
        }
    }
}

#[test]
fn what_a_client_gives_is_shown_as_text() {
    let mut bench = Bench::new();
    let (chat, session) = asked(&mut bench);
    let page = url(
        &mut bench,
        &chat,
        &session,
        "x:\"><script>alert(1)</script>",
    );
    let shown = get(&mut bench, &page);
    assert!(!shown.text.contains("<script>alert"), "{}", shown.text);
    assert!(shown.text.contains("&lt;script&gt;"), "{}", shown.text);
}

#[test]
fn a_stranger_cannot_sign_in_for_somebody() {
    let mut bench = Bench::new();
    let (_, session) = asked(&mut bench);
    // Nobody has asked for the URL yet.
    assert_eq!(choose(&mut bench, &session, "succeeded").status, 404);
    assert_eq!(choose(&mut bench, "unknown", "succeeded").status, 404);
    assert_eq!(choose(&mut bench, &session, "perhaps").status, 400);
    let other = bench.raw(Method::PUT, "/_authenticate", "", b"");
    assert_eq!(other.status, 405);
}
