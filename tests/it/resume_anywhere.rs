//! Continuing after any prefix of a life equals a life without interruption.

use std::time::Duration;

use chat_proto::{Event, ReceiptKind};
use chat_tests::World;
use proptest::prelude::*;

/// Something that happens in both lives.
#[derive(Clone, Debug)]
enum Step {
    Send,
    AgentSends(u8),
    AgentTypes,
    Read(u8),
    Cut,
    Wait(u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        4 => (1..6_u8).prop_map(Step::AgentSends),
        1 => Just(Step::AgentTypes),
        2 => (0..5_u8).prop_map(Step::Read),
        1 => Just(Step::Cut),
        3 => (0..500_u32).prop_map(Step::Wait),
        2 => (0..200_000_u32).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..30)
}

fn live(world: &mut World, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Send => {
                world.send("hello");
            }
            Step::AgentSends(count) => world.agent_sends_many((*count).into()),
            Step::AgentTypes => world.agent_types(),
            Step::Read(back) => {
                let entries = world.session.transcript().iter().rev();
                let id = entries
                    .filter_map(|entry| entry.item.id.clone())
                    .nth((*back).into());
                if let Some(id) = id {
                    world.sends_receipt(ReceiptKind::Read, &id);
                }
            }
            Step::Cut => world.cut(),
            Step::Wait(milliseconds) => {
                world.run(Duration::from_millis((*milliseconds).into()));
            }
        }
    }
}

/// What the application was told, in the end: texts in no order, since what was missed comes
/// later, and how many messages were confirmed.
fn told(world: &World) -> (Vec<String>, usize) {
    let mut texts = Vec::new();
    for event in &world.journal.events {
        if let Event::Item(received) = event {
            texts.extend(received.item.content.clone());
        }
    }
    texts.sort();
    (texts, world.journal.sent.len())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn resuming_after_any_prefix_equals_no_interruption(
        seed in any::<u64>(),
        steps in steps(),
        at in any::<prop::sample::Index>(),
        gone in 0..100_000_u32,
    ) {
        let mut uninterrupted = World::new(seed);
        uninterrupted.connect();
        live(&mut uninterrupted, &steps);
        uninterrupted.verify();

        let (before, after) = steps.split_at(at.index(steps.len() + 1));
        let mut resumed = World::new(seed);
        resumed.connect();
        live(&mut resumed, before);
        let saved = resumed.save().unwrap();
        resumed.kill_and_restore(&saved);
        resumed.run(Duration::from_millis(gone.into()));
        resumed.connect();
        live(&mut resumed, after);
        resumed.verify();
        prop_assert_eq!(told(&resumed), told(&uninterrupted));
    }

    #[test]
    fn resuming_from_an_older_state_repeats_nothing_and_loses_nothing(
        seed in any::<u64>(),
        before in steps(),
        unsaved in steps(),
        after in steps(),
        kills in 1..3_u8,
    ) {
        let mut world = World::new(seed);
        world.connect();
        live(&mut world, &before);
        let saved = world.save().unwrap();
        for _ in 0..kills {
            live(&mut world, &unsaved);
            world.kill_and_restore(&saved);
            world.connect();
        }
        live(&mut world, &after);
        world.verify();
    }
}
