//! The simulator's menu: every interactive message of it is one that the client reads, and would
//! itself be allowed to write.

use chat_proto::wire::interactive::{InteractiveMessage, Template};
use chat_sim::{Script, Step};

#[test]
fn the_menu_holds_every_template_within_its_limits() {
    let rules = Script::menu().on_message;
    let steps = || rules.iter().flat_map(|rule| &rule.steps);
    let messages: Vec<Template> = steps()
        .filter_map(|step| {
            let Step::Send { content, .. } = step else {
                return None;
            };
            content.starts_with('{').then_some(content)
        })
        .map(|content| {
            let message = InteractiveMessage::parse(content).unwrap();
            message.to_json().unwrap();
            message.template
        })
        .collect();
    let is_there = |wanted: fn(&Template) -> bool| messages.iter().any(wanted);
    assert!(is_there(|template| matches!(
        template,
        Template::QuickReply(_)
    )));
    assert!(is_there(|template| matches!(
        template,
        Template::ListPicker(_)
    )));
    assert!(is_there(|template| matches!(
        template,
        Template::TimePicker(_)
    )));
    assert!(is_there(|template| matches!(template, Template::Panel(_))));
    assert!(is_there(|template| matches!(
        template,
        Template::Carousel(_)
    )));
    // The token of a view is made when it is shown.
    assert!(steps().any(|step| matches!(step, Step::ShowView(_))));
}
