//! Whatever happens to a chat, nothing is lost, doubled or misordered.

use chat_tests::{run_schedule, run_schedule_to_its_end, schedules};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_schedule_of_disturbances_loses_and_doubles_nothing(schedule in schedules(40)) {
        run_schedule(&schedule);
    }

    #[test]
    fn an_end_in_the_middle_of_anything_loses_nothing_silently(schedule in schedules(20)) {
        run_schedule_to_its_end(&schedule);
    }
}
