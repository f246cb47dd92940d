//! Recovery, simulated.

use chat_tests::World;

#[test]
fn a_quiet_chat_lives_through_ten_thousand_minutes() {
    let mut settings = chat_sim::Settings::default();
    settings.chat_duration = std::time::Duration::from_secs(7 * 24 * 3_600);
    let mut world = World::with(1, settings, |_| {});
    world.connect();
    world.run_minutes(10_000);
    world.verify();
    assert_eq!(world.journal.lost, 0);
}
