//! What holds for every message, written or damaged.

use chat_proto::wire::interactive::{
    Carousel, CarouselReply, Element, Image, Json, ListPicker, Location, Panel, QuickReply,
    ReplyMessage, Template, TimePicker, Timeslot, ViewReply, ViewResource,
};
use chat_proto::{InteractiveMessage, ViewToken};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{1,12}",
        prop::collection::vec(any::<char>(), 1..8).prop_map(String::from_iter),
    ]
}

fn image() -> impl Strategy<Value = Image> {
    (text(), prop::option::of(text())).prop_map(|(url, description)| {
        let mut image = Image::new(url);
        image.image_description = description;
        image
    })
}

fn element() -> impl Strategy<Value = Element> {
    let choice = (text(), prop::option::of(text()), prop::option::of(image())).prop_map(
        |(title, subtitle, image)| {
            let mut element = Element::new(title);
            element.subtitle = subtitle;
            element.image = image;
            element
        },
    );
    let link = (text(), text()).prop_map(|(title, url)| Element::hyperlink(title, url));
    prop_oneof![3 => choice, 1 => link]
}

fn json() -> impl Strategy<Value = Json> {
    prop::collection::btree_map(text(), any::<i64>(), 0..4)
        .prop_map(|map| Json::parse(&serde_json::to_string(&map).unwrap()).unwrap())
}

fn panel_or_list() -> impl Strategy<Value = Template> {
    let parts = (
        text(),
        prop::option::of(text()),
        prop::option::of(image()),
        prop::collection::vec(element(), 1..=6),
        any::<bool>(),
    );
    parts.prop_map(|(title, subtitle, image, elements, is_panel)| {
        if is_panel {
            let mut panel = Panel::new(title, elements);
            panel.subtitle = subtitle;
            panel.image = image;
            Template::Panel(panel)
        } else {
            let mut list = ListPicker::new(title, elements);
            list.subtitle = subtitle;
            list.image = image;
            Template::ListPicker(list)
        }
    })
}

fn time_picker() -> impl Strategy<Value = Template> {
    // Degrees of at most nine digits: numbers that every JSON reader reads exactly.
    let degrees = |limit: i32| (-limit..=limit).prop_map(|micro| f64::from(micro) / 1e6);
    let location = (
        degrees(90_000_000),
        degrees(180_000_000),
        text(),
        prop::option::of(any::<u64>()),
    )
        .prop_map(|(latitude, longitude, title, radius)| {
            let mut location = Location::new(latitude, longitude, title);
            location.radius = radius;
            location
        });
    let slot = (1..=12, 1..=28, 0..24, 0..60, any::<u64>()).prop_map(
        |(month, day, hour, minute, long)| {
            let date = format!("2030-{month:02}-{day:02}T{hour:02}:{minute:02}+00:00");
            Timeslot::new(date, long)
        },
    );
    let parts = (
        text(),
        prop::option::of(text()),
        prop::option::of(any::<i64>()),
        prop::option::of(location),
        prop::collection::vec(slot, 1..=40),
    );
    parts.prop_map(|(title, subtitle, offset, location, timeslots)| {
        let mut times = TimePicker::new(title, timeslots);
        times.subtitle = subtitle;
        times.time_zone_offset = offset;
        times.location = location;
        Template::TimePicker(times)
    })
}

fn view_resource() -> impl Strategy<Value = Template> {
    let parts = (
        prop::option::of(text()),
        prop::option::of(text()),
        prop::array::uniform4(prop::option::of(json())),
    );
    parts.prop_map(|(view_id, view_token, [data, actions, schema, template])| {
        let mut view = ViewResource::default();
        view.view_id = view_id;
        view.view_token = view_token.map(ViewToken::from);
        view.view_data = data;
        view.actions = actions;
        view.input_schema = schema;
        view.template = template;
        Template::ViewResource(view)
    })
}

fn template() -> impl Strategy<Value = Template> {
    let quick = (
        text(),
        prop::option::of(text()),
        prop::collection::vec(element(), 1..=10),
    )
        .prop_map(|(title, subtitle, elements)| {
            let mut quick = QuickReply::new(title, elements);
            quick.subtitle = subtitle;
            Template::QuickReply(quick)
        });
    let card = (panel_or_list(), text()).prop_map(|(template, identifier)| {
        InteractiveMessage::new(template).with_identifier(identifier)
    });
    let carousel = (text(), any::<bool>(), prop::collection::vec(card, 2..=5)).prop_map(
        |(title, omit, elements)| {
            let mut carousel = Carousel::new(title, elements);
            carousel.omit_title_from_carousel_response = omit;
            Template::Carousel(carousel)
        },
    );
    prop_oneof![
        quick,
        panel_or_list(),
        time_picker(),
        view_resource(),
        carousel
    ]
}

fn message() -> impl Strategy<Value = InteractiveMessage> {
    let reply = (text(), prop::option::of(text()), prop::option::of(image())).prop_map(
        |(title, subtitle, image)| {
            let mut reply = ReplyMessage::new(title);
            reply.subtitle = subtitle;
            reply.image = image;
            reply
        },
    );
    (
        template(),
        prop::option::of(text()),
        prop::option::of(reply),
    )
        .prop_map(|(template, identifier, reply)| {
            let mut message = InteractiveMessage::new(template);
            message.template_identifier = identifier;
            message.reply_message = reply;
            message
        })
}

/// The message without the JSON it was read from, which a written one does not have.
fn without_raw(mut message: InteractiveMessage) -> InteractiveMessage {
    message.raw = None;
    if let Template::Carousel(carousel) = &mut message.template {
        for element in &mut carousel.elements {
            element.raw = None;
        }
    }
    message
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back_the_same(message in message()) {
        let json = message.to_json().unwrap();
        let read = InteractiveMessage::parse(&json).unwrap();
        prop_assert_eq!(read.to_json().unwrap(), json.clone());
        prop_assert_eq!(read.raw.as_deref(), Some(json.as_str()));
        // Not prop_assert_eq: `Debug` shows no texts, so the JSON tells more.
        prop_assert!(without_raw(read) == message, "{}", json);
    }

    #[test]
    fn damaged_messages_never_panic(
        message in message(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..6,
        patch in prop::sample::select(vec!["", "null", "[]", "{}", "1e999", "\"", "\\u", ",", "é"]),
    ) {
        let json: Vec<char> = message.to_json().unwrap().chars().collect();
        let from = at.index(json.len());
        let to = (from + length).min(json.len());
        let damaged = String::from_iter(&json[..from]) + patch + &String::from_iter(&json[to..]);
        if let Ok(read) = InteractiveMessage::parse(&damaged) {
            prop_assert_eq!(read.raw.as_deref(), Some(damaged.as_str()));
            // A refusal is fine; a panic is not.
            let _ = read.to_json();
        }
        let _ = CarouselReply::parse(&damaged);
        let _ = ViewReply::parse(&damaged);
    }
}
