//! Whatever happens to a chat, nothing is lost, doubled or misordered. The shares of the schedules
//! are such that two cores have the same to do.

use chat_tests::{Ending, check_schedules, schedules, schedules_that_end};
use proptest::prelude::*;

#[test]
fn any_schedule_of_disturbances_loses_and_doubles_nothing() {
    let test = "any_schedule_of_disturbances_loses_and_doubles_nothing";
    check_schedules(test, 40, &schedules(40));
}

#[test]
fn an_end_in_the_middle_of_anything_loses_nothing_silently() {
    let ending = prop_oneof![
        2 => Just(Ending::AgentEnds),
        1 => (10..4_800_u16).prop_map(Ending::Expires),
    ];
    let test = "an_end_in_the_middle_of_anything_loses_nothing_silently";
    check_schedules(test, 30, &schedules_that_end(30, ending));
}

#[test]
fn leaving_in_the_middle_of_anything_settles_everything() {
    let ending = prop_oneof![
        2 => Just(Ending::Disconnects),
        1 => Just(Ending::Abandons),
    ];
    let test = "leaving_in_the_middle_of_anything_settles_everything";
    check_schedules(test, 30, &schedules_that_end(30, ending));
}
