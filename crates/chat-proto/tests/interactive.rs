//! Interactive messages: read, answered and written.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use chat_proto::wire::interactive::{
    Carousel, CarouselReply, Element, ElementType, Image, Json, ListPicker, Location, Panel,
    QuickReply, ReplyMessage, Template, TimePicker, Timeslot, ViewReply, ViewResource,
};
use chat_proto::{CommandError, ContentType, Draft, InteractiveMessage, Item, ProtocolError};

#[path = "interactive/properties.rs"]
mod properties;

const QUICK_REPLY: &str = r#"{"templateType":"QuickReply","version":"1.0","data":{"content":{"title":"Seat?","elements":[{"title":"Aisle"},{"title":"Window"}]}}}"#;
const LIST_PICKER: &str = r#"{"templateType":"ListPicker","version":"1.0","templateIdentifier":"lp1","data":{"replyMessage":{"title":"Noted"},"content":{"title":"Which boat?","subtitle":"Pick one","imageType":"URL","imageData":"https://img.example/b.png","elements":[{"title":"Dinghy","subtitle":"2 seats"},{"title":"Ferry"}]}}}"#;
const TIME_PICKER: &str = r#"{"templateType":"TimePicker","version":"1.0","data":{"content":{"title":"Visit","timeZoneOffset":-60,"location":{"latitude":1.5,"longitude":2.5,"title":"Pier","radius":1},"timeslots":[{"date":"2030-01-02T09:00+00:00","duration":30}]}}}"#;
const PANEL: &str = r#"{"templateType":"Panel","version":"1.0","data":{"content":{"title":"Help with?","imageType":"URL","imageData":"https://img.example/p.png","imageDescription":"pier","elements":[{"title":"Fares"},{"title":"Lost item"}]}}}"#;
const CAROUSEL: &str = r#"{"templateType":"Carousel","version":"1.0","data":{"content":{"title":"Trips","elements":[{"templateIdentifier":"t0","templateType":"Panel","version":"1.0","data":{"content":{"title":"North","elements":[{"title":"Book"}]}}},{"templateIdentifier":"t1","templateType":"Panel","version":"1.0","data":{"content":{"title":"South","elements":[{"title":"Book"},{"title":"More","type":"hyperlink","url":"https://x.example"}]}}}]}}}"#;
const VIEW_RESOURCE: &str = r#"{"templateType":"ViewResource","version":"1.0","data":{"content":{"viewId":"v1","viewToken":"opaque","viewData":{"k":"v"}}}}"#;
const ALL: [&str; 6] = [
    QUICK_REPLY,
    LIST_PICKER,
    TIME_PICKER,
    PANEL,
    CAROUSEL,
    VIEW_RESOURCE,
];

fn parse(json: &str) -> InteractiveMessage {
    InteractiveMessage::parse(json).unwrap()
}

/// The template of one kind, or a failure of the test.
macro_rules! template {
    ($kind:ident, $json:expr) => {
        match parse($json).template {
            Template::$kind(template) => template,
            other => panic!("not the kind expected: {other:?}"),
        }
    };
}

fn titles(count: usize) -> Vec<Element> {
    (0..count)
        .map(|number| Element::new(number.to_string()))
        .collect()
}

fn shown(draft: &Draft) -> String {
    format!("{}\n{}", draft.content_type, draft.content)
}

#[test]
fn every_template_is_read_with_its_fields_and_keeps_its_raw_json() {
    for json in ALL {
        assert_eq!(parse(json).raw.as_deref(), Some(json));
    }
    let quick = template!(QuickReply, QUICK_REPLY);
    assert_eq!(quick.title, "Seat?");
    assert_eq!(quick.elements[1].title, "Window");

    let list = parse(LIST_PICKER);
    assert_eq!(list.template_identifier.as_deref(), Some("lp1"));
    assert_eq!(list.reply_message.unwrap().title, "Noted");
    let list = template!(ListPicker, LIST_PICKER);
    assert_eq!(list.image.unwrap().image_data, "https://img.example/b.png");
    assert_eq!(list.elements[0].subtitle.as_deref(), Some("2 seats"));

    let times = template!(TimePicker, TIME_PICKER);
    assert_eq!(times.time_zone_offset, Some(-60));
    assert_eq!(times.location.unwrap().radius, Some(1));
    assert_eq!(times.timeslots[0].duration, 30);

    let panel = template!(Panel, PANEL);
    let image = panel.image.unwrap();
    assert_eq!(image.image_description.as_deref(), Some("pier"));

    let view = template!(ViewResource, VIEW_RESOURCE);
    assert_eq!(view.view_token.unwrap().expose(), "opaque");
    assert_eq!(view.view_data.unwrap().as_str(), r#"{"k":"v"}"#);
}

#[test]
fn a_carousel_keeps_each_elements_identifier_raw_json_and_hyperlinks() {
    let carousel = template!(Carousel, CAROUSEL);
    let south = &carousel.elements[1];
    assert_eq!(south.template_identifier.as_deref(), Some("t1"));
    assert!(CAROUSEL.contains(south.raw.as_deref().unwrap()));
    let Template::Panel(panel) = &south.template else {
        panic!("not a panel: {south:?}");
    };
    assert!(!panel.elements[0].is_hyperlink());
    assert!(panel.elements[1].is_hyperlink());
    assert_eq!(panel.elements[1].url.as_deref(), Some("https://x.example"));
}

#[test]
fn an_item_gives_its_interactive_message_and_others_give_none() {
    let content = serde_json::to_string(QUICK_REPLY).unwrap();
    let item = |content_type: &str, content: &str| {
        let json =
            format!(r#"{{"Type":"MESSAGE","ContentType":"{content_type}","Content":{content}}}"#);
        Item::parse(&json).unwrap()
    };
    let interactive = ContentType::Interactive.as_str();
    let message = item(interactive, &content).interactive().unwrap().unwrap();
    assert_eq!(message, parse(QUICK_REPLY));
    assert!(item("text/plain", &content).interactive().is_none());
    assert!(item(interactive, r#""[]""#).interactive().unwrap().is_err());
    assert!(matches!(
        item(interactive, "null").interactive(),
        Some(Err(ProtocolError::Missing {
            field: "Content",
            ..
        }))
    ));
}

#[test]
fn unknown_templates_are_kept_whole_and_written_as_they_came() {
    for json in [
        r#"{"templateType":"ApplePay","version":"2.0","data":{"content":{"b":1.0000,"a":[]}},"more":1}"#,
        r#"{"templateType":"WhatsAppList","data":"text"}"#,
        r#"{"templateType":"Bare"}"#,
    ] {
        let message = parse(json);
        assert!(matches!(&message.template, Template::Other(other) if other.json.as_str() == json));
        assert_eq!(message.to_json().unwrap(), json);
    }
}

#[test]
fn unknown_fields_and_values_are_passed_over() {
    let json = r#"{"templateType":"QuickReply","future":{},"data":{"future":[],"replyMessage":{"title":7},"content":{"future":1,"title":"T","subtitle":null,"elements":[{"title":"E","type":"dance","future":{}}]}}}"#;
    let message = parse(json);
    assert_eq!(message.version, "1.0");
    assert!(message.reply_message.is_none());
    let quick = template!(QuickReply, json);
    assert_eq!(
        quick.elements[0].element_type,
        Some(ElementType::Other("dance".into()))
    );
}

#[test]
fn counts_beyond_the_limits_are_read_and_refused_in_writing() {
    let wrap = |content: &str, kind: &str| {
        format!(r#"{{"templateType":"{kind}","data":{{"content":{{"title":"T",{content}}}}}}}"#)
    };
    let list = |name: &str, one: &str, count: usize| {
        format!(r#""{name}":[{}]"#, vec![one; count].join(","))
    };
    let element = r#"{"title":"E"}"#;
    let slot = r#"{"date":"2030-01-02T09:00+00:00","duration":30}"#;
    let panel = r#"{"templateType":"Panel","templateIdentifier":"p","data":{"content":{"title":"P","elements":[{"title":"E"}]}}}"#;
    for (kind, name, one, from, to, field) in [
        (
            "QuickReply",
            "elements",
            element,
            1,
            10,
            "QuickReply.elements",
        ),
        (
            "ListPicker",
            "elements",
            element,
            1,
            6,
            "ListPicker.elements",
        ),
        ("Panel", "elements", element, 1, 10, "Panel.elements"),
        (
            "TimePicker",
            "timeslots",
            slot,
            1,
            40,
            "TimePicker.timeslots",
        ),
        ("Carousel", "elements", panel, 2, 5, "Carousel.elements"),
    ] {
        let written = |count| parse(&wrap(&list(name, one, count), kind)).to_json();
        assert!(written(from).is_ok(), "{kind}");
        assert!(written(to).is_ok(), "{kind}");
        for count in [from - 1, to + 1] {
            let refused = CommandError::OutOfRange {
                field,
                actual: count as u64,
                from: from as u64,
                to: to as u64,
            };
            assert_eq!(written(count), Err(refused), "{kind}");
        }
    }
}

#[test]
fn what_the_service_would_not_accept_is_refused_with_the_fields_name() {
    let slot =
        |date: &str| Template::TimePicker(TimePicker::new("T", vec![Timeslot::new(date, 1)]));
    let place = |latitude, longitude| {
        let mut times = TimePicker::new("T", vec![Timeslot::new("2030-01-02T09:00+00:00", 1)]);
        times.location = Some(Location::new(latitude, longitude, "Pier"));
        Template::TimePicker(times)
    };
    let panel = |identifier: Option<&str>| {
        let message = InteractiveMessage::new(Template::Panel(Panel::new("P", titles(1))));
        match identifier {
            Some(identifier) => message.with_identifier(identifier),
            None => message,
        }
    };
    let quick = InteractiveMessage::new(Template::QuickReply(QuickReply::new("Q", titles(1))));
    let mut view = ViewResource::default();
    view.view_id = Some("v".repeat(501));
    let carousel = |second| Template::Carousel(Carousel::new("C", vec![panel(Some("p")), second]));
    let refused = [
        Template::QuickReply(QuickReply::new("", titles(1))),
        Template::ListPicker(ListPicker::new("L", vec![Element::new("")])),
        Template::Panel(Panel::new("P", vec![Element::hyperlink("More", "")])),
        slot("2030-01-02T09:00:00Z"),
        slot("2030-02-30T09:00+00:00"),
        slot("2030-01-02T09:00+01:00"),
        slot("2030-01-02 09:00+00:00"),
        place(90.5, 0.0),
        place(0.0, f64::NAN),
        carousel(panel(None)),
        carousel(quick),
        carousel(InteractiveMessage::new(carousel(panel(Some("q"))))),
        Template::ViewResource(view),
        Template::QuickReply(QuickReply::new("Q".repeat(20_000), titles(1))),
    ]
    .map(|template| InteractiveMessage::new(template).to_json().unwrap_err())
    .map(|error| error.to_string());
    insta::assert_snapshot!("refusals", refused.join("\n"));
}

#[test]
fn what_lacks_a_key_field_is_an_error_that_names_the_place_and_not_the_text() {
    let errors = [
        "",
        "[]",
        "{}",
        r#"{"templateType":"QuickReply"}"#,
        r#"{"templateType":"QuickReply","data":{}}"#,
        r#"{"templateType":"QuickReply","data":{"content":{"title":"secret"}}}"#,
        r#"{"templateType":"Panel","data":{"content":{"title":["secret"],"elements":[]}}}"#,
        r#"{"templateType":"TimePicker","data":{"content":{"title":"secret","elements":[]}}}"#,
        r#"{"templateType":"Carousel","data":{"content":{"title":"secret","elements":[{}]}}}"#,
    ]
    .map(|json| InteractiveMessage::parse(json).unwrap_err().to_string())
    .join("\n");
    assert!(!errors.contains("secret"));
    insta::assert_snapshot!("errors", errors);
}

#[test]
fn carousels_inside_carousels_do_not_deepen() {
    let open = r#"{"templateType":"Carousel","data":{"content":{"title":"C","elements":["#;
    let depth = 100_000;
    let json = open.repeat(depth) + PANEL + &"]}}}".repeat(depth);
    let carousel = template!(Carousel, &json);
    assert!(matches!(carousel.elements[0].template, Template::Other(_)));
    let deep = format!(
        r#"{{"templateType":"ViewResource","data":{{"content":{{"viewData":{}{}}}}}}}"#,
        "[".repeat(depth),
        "]".repeat(depth)
    );
    assert!(InteractiveMessage::parse(&deep).is_ok());
}

#[test]
fn debug_does_not_show_what_was_written() {
    let texts = [
        "Seat?",
        "Aisle",
        "Which boat",
        "Pick one",
        "Dinghy",
        "seats",
        "Noted",
        "http",
        "Visit",
        "Pier",
        "2030",
        "Help with",
        "Fares",
        "Trips",
        "North",
        "Book",
        "opaque",
        "\"v",
        "secret",
        "t0",
    ];
    let mut shown = String::new();
    for json in ALL {
        shown += &format!("{:?}\n", parse(json));
    }
    let list = template!(ListPicker, LIST_PICKER);
    let times = template!(TimePicker, TIME_PICKER);
    let carousel = template!(Carousel, CAROUSEL);
    shown += &format!("{list:?} {:?} {:?}", list.elements, list.image);
    shown += &format!("{:?} {:?}", times.timeslots, times.location);
    shown += &format!("{:?} {:?}", carousel.elements, carousel.reply(0, 0));
    shown += &format!("{:?}", parse(LIST_PICKER).reply_message);
    shown += &format!("{:?}", parse(r#"{"templateType":"New","data":"secret"}"#));
    shown += &format!(
        "{:?}",
        ViewReply::new("secret", Json::parse(r#""secret""#).unwrap())
    );
    for text in texts {
        assert!(!shown.contains(text), "{text} in {shown}");
    }
}

#[test]
fn every_template_is_written_with_all_its_fields() {
    let image = || {
        let mut image = Image::new("https://img.example/a.png");
        image.image_description = Some("A pier".into());
        image
    };
    let mut element = Element::new("Dinghy");
    element.subtitle = Some("2 seats".into());
    element.image = Some(image());

    let mut quick = QuickReply::new("Seat?", titles(2));
    quick.subtitle = Some("Pick".into());
    let mut list = ListPicker::new("Which boat?", vec![element, Element::new("Ferry")]);
    list.subtitle = Some("Pick".into());
    list.image = Some(image());
    let mut times = TimePicker::new("Visit", vec![Timeslot::new("2030-01-02T09:00+00:00", 30)]);
    times.subtitle = Some("Pick".into());
    times.time_zone_offset = Some(-60);
    let mut pier = Location::new(1.5, -2.25, "Pier");
    pier.radius = Some(1);
    times.location = Some(pier);
    let mut panel = Panel::new("Help with?", titles(2));
    panel.subtitle = Some("Pick".into());
    panel.image = Some(image());
    let link = Element::hyperlink("More", "https://x.example");
    let cards = vec![
        InteractiveMessage::new(Template::Panel(panel.clone())).with_identifier("t0"),
        InteractiveMessage::new(Template::ListPicker(ListPicker::new("South", vec![link])))
            .with_identifier("t1"),
    ];
    let mut carousel = Carousel::new("Trips", cards);
    carousel.omit_title_from_carousel_response = true;
    let mut view = ViewResource::default();
    view.view_id = Some("v1".into());
    view.view_token = Some("opaque".into());
    view.view_data = Some(Json::parse(r#" {"z":1.50,"a":2} "#).unwrap());
    view.actions = Some(Json::parse(r#"["Submit"]"#).unwrap());
    view.input_schema = Some(Json::default());
    view.template = Some(Json::default());

    let written = [
        Template::QuickReply(quick),
        Template::ListPicker(list),
        Template::TimePicker(times),
        Template::Panel(panel),
        Template::Carousel(carousel),
        Template::ViewResource(view),
    ]
    .map(|template| {
        let mut message = InteractiveMessage::new(template).with_identifier("id");
        let mut reply = ReplyMessage::new("Noted");
        reply.subtitle = Some("Thank you".into());
        reply.image = Some(image());
        message.reply_message = Some(reply);
        message.to_json().unwrap()
    });
    insta::assert_snapshot!("templates", written.join("\n"));
}

#[test]
fn every_reply_is_written_as_its_draft() {
    let view = Json::parse(r#"{"seat":"12A"}"#).unwrap();
    let replies = [
        template!(QuickReply, QUICK_REPLY).reply(1).unwrap(),
        template!(ListPicker, LIST_PICKER).reply(0).unwrap(),
        template!(TimePicker, TIME_PICKER).reply(0).unwrap(),
        template!(Panel, PANEL).reply(1).unwrap(),
        template!(Carousel, CAROUSEL)
            .reply(0, 0)
            .unwrap()
            .to_draft()
            .unwrap(),
        ViewReply::new("Submit", view).to_draft().unwrap(),
    ];
    let shown: Vec<String> = replies.iter().map(shown).collect();
    insta::assert_snapshot!("replies", shown.join("\n\n"));
}

#[test]
fn replies_are_read_back() {
    let reply = template!(Carousel, CAROUSEL).reply(1, 0).unwrap();
    let draft = reply.to_draft().unwrap();
    assert_eq!(CarouselReply::parse(&draft.content).unwrap(), reply);
    assert!(CarouselReply::parse(r#"{"listTitle":"North","selectionText":"Book"}"#).is_err());

    let reply = ViewReply::new(" ", Json::parse(r#"{"content":"typed"}"#).unwrap());
    let draft = reply.to_draft().unwrap();
    assert_eq!(ViewReply::parse(&draft.content).unwrap(), reply);
    let bare = ViewReply::parse(r#"{"templateType":"ViewResource","action":"Back"}"#).unwrap();
    assert_eq!(bare, ViewReply::new("Back", Json::default()));
    assert!(ViewReply::parse(r#"{"templateType":"Panel","action":"Back"}"#).is_err());
    assert!(ViewReply::parse(r#"{"templateType":"ViewResource"}"#).is_err());
}

#[test]
fn what_cannot_be_chosen_cannot_be_answered() {
    let carousel = template!(Carousel, CAROUSEL);
    let mut nameless = carousel.clone();
    nameless.elements[0].template_identifier = None;
    let mut quick = carousel.clone();
    quick.elements[0] = parse(QUICK_REPLY);
    let refused = [
        template!(QuickReply, QUICK_REPLY).reply(2).unwrap_err(),
        template!(ListPicker, LIST_PICKER).reply(2).unwrap_err(),
        template!(Panel, PANEL).reply(2).unwrap_err(),
        template!(TimePicker, TIME_PICKER).reply(1).unwrap_err(),
        carousel.reply(2, 0).unwrap_err(),
        carousel.reply(0, 1).unwrap_err(),
        carousel.reply(1, 1).unwrap_err(),
        nameless.reply(0, 0).unwrap_err(),
        quick.reply(0, 0).unwrap_err(),
        QuickReply::new("Q", vec![Element::new("")])
            .reply(0)
            .unwrap_err(),
        ViewReply::new("", Json::default()).to_draft().unwrap_err(),
    ]
    .map(|error| error.to_string());
    insta::assert_snapshot!("unanswerable", refused.join("\n"));
}
