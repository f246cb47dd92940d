use super::*;

const LIMIT: usize = 100;

/// A message that came at this second after noon.
fn item(id: &str, second: usize) -> Arc<Item> {
    let (minute, second) = (second / 60, second % 60);
    let json = format!(
        r#"{{"Type":"MESSAGE","Id":"{id}","AbsoluteTime":"2026-01-31T12:{minute:02}:{second:02}Z"}}"#
    );
    Arc::new(Item::parse(&json).unwrap())
}

fn receive(transcript: &mut Transcript, item: &Arc<Item>) -> Arrival {
    let position = Position::of(item).unwrap();
    transcript.receive(item, position, None)
}

fn fill(transcript: &mut Transcript) {
    for n in 1..=LIMIT {
        let arrival = receive(transcript, &item(&format!("item-{n}"), n));
        assert_eq!(arrival, Arrival::New(None));
    }
}

#[test]
fn an_item_is_told_of_even_if_what_the_answer_told_of_it_had_to_leave() {
    let mut transcript = Transcript::new("me".into(), LIMIT);
    let mine = item("mine", 0);
    let (id, time) = ("mine".into(), mine.absolute_time.as_ref());
    transcript.confirm(LocalId(1), &Draft::text("mine"), &id, time, None);
    fill(&mut transcript);
    assert_eq!(transcript.index_of(&id), None);
    assert_eq!(receive(&mut transcript, &mine), Arrival::New(None));
    assert_eq!(receive(&mut transcript, &mine), Arrival::Known);
    assert_eq!(transcript.len(), LIMIT);
}

#[test]
fn an_item_that_found_no_room_is_known_when_it_comes_again() {
    let mut transcript = Transcript::new("me".into(), LIMIT);
    fill(&mut transcript);
    let early = item("early", 0);
    assert_eq!(receive(&mut transcript, &early), Arrival::New(None));
    assert_eq!(receive(&mut transcript, &early), Arrival::Known);
    assert_eq!(transcript.len(), LIMIT);
}
